// SPDX-License-Identifier: Apache-2.0
// The whole cluster on one page: how each node is, what it does, and who is led to whom.

import { get } from './api.js';
import { h, badge } from './dom.js';
import { ago, count, milliseconds, number, span, time } from './format.js';
import { COMPONENTS, nodeName, of, overall, stateBadge } from './nodes.js';
import { panel } from './panel.js';
import { link } from './route.js';
import { table } from './table.js';
import { topology } from './topology.js';

const LOOK_MS = 5000;
const REGISTRY = { connected: ['ok', 'connected'], 'not connected': ['warn', 'not connected'],
	none: ['idle', 'none configured'] };

function tile(title, value, about, href) {
	return h(href ? 'a' : 'div', { class: 'tile', href }, h('span', { class: 'tile-title' }, title),
		h('span', { class: 'tile-value' }, value),
		h('span', { class: 'quiet' }, about));
}

const sum = (nodes, key) => nodes.reduce((n, node) => n + (node[key] ?? 0), 0);

// Requests go through a proxy and then a server: they are counted where they are worked on.
function tiles(overview) {
	const serving = of(overview, 'serving'), proxies = of(overview, 'proxy');
	const up = nodes => nodes.filter(n => n.state !== 'unreachable').length;
	const { kind, text } = overall(overview), [registry, word] = REGISTRY[overview.registry]
		?? ['idle', overview.registry];
	return h('div', { class: 'tiles' },
		tile('State', badge(kind, text), 'of all nodes', link(['home', 'health'])),
		tile('Servers', `${up(serving)} / ${serving.length}`, 'reachable'),
		tile('Proxies', `${up(proxies)} / ${proxies.length}`, 'reachable'),
		tile('Requests', `${number(sum(serving, 'qps'))} /s`,
			`${number(sum(serving, 'errorsPerSecond'))} /s failed, `
			+ `${number(sum(serving, 'blockedPerSecond'))} /s blocked`),
		tile('Models', number(sum(serving, 'models')),
			`loaded on ${count(serving.length, 'server')}`, link(['home', 'models'])),
		tile('Registry', badge(registry, word), 'ZooKeeper'));
}

const shown = (value, format, unit = '') => value === null || value === undefined ? '–' : format(value) + unit;

function nodeTable() {
	return table({
		caption: 'Nodes', order: 'Node', key: n => n.address, text: n =>
			[n.address, n.component, n.state, n.reason].join(' '),
		search: 'Search nodes', empty: 'No node is registered, and none is configured.',
		columns: [
			{ title: 'Node', cell: nodeName, sort: n => n.address, cls: 'address' },
			{ title: 'Component', cell: n => COMPONENTS[n.component] ?? n.component, sort: n =>
				n.component },
			{ title: 'State', cell: n =>
				[stateBadge(n), n.reason && n.state !== 'ok'
				? h('div', { class: 'quiet reason' }, n.reason) : null],
				sort: n => n.state },
			{ title: 'Requests /s', cell: n => shown(n.qps, number), sort: n => n.qps ?? -1,
				cls: 'number' },
			{ title: 'Failed /s', cell: n => shown(n.errorsPerSecond, number), sort: n =>
				n.errorsPerSecond ?? -1, cls: 'number' },
			{ title: 'Latency', cell: n => shown(n.latencyMs, milliseconds), sort: n => n.latencyMs ?? -1,
				cls: 'number' },
			{ title: 'Models', cell: n => shown(n.models, number), sort: n => n.models ?? -1,
				cls: 'number' },
			{ title: 'Up for', cell: n => shown(n.uptimeSeconds, s => span(s * 1000)), sort: n =>
				n.uptimeSeconds ?? -1, cls: 'number' },
			{ title: 'Registered', cell: n => n.registered
				? h('span', { title: time(n.registered) }, ago(n.registered)) : 'configured',
				sort: n => n.registered },
		],
	});
}

export function clusterPage(life) {
	const nodes = nodeTable(), map = topology(), top = h('div'), drawn = h('div');
	const all = panel(life, {
		title: 'Nodes', id: 'nodes', ms: LOOK_MS,
		load: options => get('cluster/overview', {}, options),
		show: overview => {
			top.replaceChildren(tiles(overview));
			drawn.replaceChildren(map(overview));
			return nodes.update(overview.nodes);
		},
	});
	return [h('h1', null, 'Cluster'), top,
		h('section', { class: 'panel', id: 'topology' },
			h('header', null, h('h2', null, 'Who reaches whom'), h('span', { class: 'grow' }),
			h('span', { class: 'key' }, h('span', { class: 'line registry' }), 'found in the registry',
				h('span', { class: 'line route' }),
				'led by a route table')), drawn),
		all.element];
}

