// SPDX-License-Identifier: Apache-2.0
// One node, known by its address: when it goes away the page says so and never turns to another one.

import { get, target } from './api.js';
import { h, facts, fill } from './dom.js';
import { ago, milliseconds, number, span, time } from './format.js';
import { modelTable } from './models.js';
import { COMPONENTS, stateBadge } from './nodes.js';
import { every, panel } from './panel.js';
import { link, nodeLink } from './route.js';
import { nodeRuntime } from './runtime.js';
import { table } from './table.js';
import { nodeTraffic } from './traffic.js';

const LOOK_MS = 5000;

function text(value) {
	return typeof value === 'string' ? value : JSON.stringify(value);
}

function configuration(life, node) {
	const rows = table({
		caption: 'Configuration', name: 'conf-', order: 'Key', size: 200, key: r => r.key, text: r =>
			`${r.key} ${text(r.value)}`,
		search: 'Search keys and values',
		columns: [
			{ title: 'Key', cell: r => h('code', null, r.key), sort: r => r.key },
			{ title: 'Value', cell: r => h('code', { class: 'value' }, text(r.value)), sort: r =>
				text(r.value) },
		],
	});
	return panel(life, {
		title: 'Configuration in use',
		load: options => get('component/listProps', target(node), options),
		show: data => rows.update(data.rows ?? []),
	}).element;
}

const TABS = {
	configuration: ['Configuration', configuration],
	models: ['Models', (life, node) => modelTable(life, node)],
	traffic: ['Traffic', nodeTraffic],
	runtime: ['Process', nodeRuntime],
};
const OF = { serving: ['models', 'traffic', 'runtime', 'configuration'],
	proxy: ['traffic', 'runtime', 'configuration'] };

function head(life, component, address) {
	const place = h('div', { class: 'panel node-head' }, h('div', { class: 'skeleton' }));
	async function look() {
		try {
			const { nodes } = await get('cluster/overview', {}, { signal: life.signal, quiet: true });
			const node = nodes.find(n => n.address === address && n.component === component);
			if (!node) {
				fill(place, h('div', { class: 'failure' },
					h('strong', null,
					`${address} is not in the cluster any more.`),
					' It left the registry: it was '
					+ 'stopped, or has lost its connection to ZooKeeper. It appears here again '
					+ 'by itself when it comes back.'));
				return;
			}
			fill(place, facts([['State', stateBadge(node)], node.reason && node.state !== 'ok'
				&& ['Reason', node.reason],
				['Requests',
					node.qps === null ? '–' : `${number(node.qps)} /s`],
					['Latency', node.latencyMs ? milliseconds(node.latencyMs) : '–'],
				node.uptimeSeconds && ['Up for', span(node.uptimeSeconds * 1000)],
				['Registered', node.registered
					? h('span', { title: time(node.registered) }, ago(node.registered))
					: 'from the configuration'],
				['Answers the admin in', node.askMs ? milliseconds(node.askMs) : '–']]));
		} catch (e) {
			if (e.name !== 'AbortError')
				fill(place, h('div', { class: 'failure' }, e.message));
		}
	}
	look();
	every(life, LOOK_MS, look);
	return place;
}

export function nodePage(life, [component, address, chosen]) {
	const tabs = OF[component] ?? ['configuration', 'runtime'], tab = tabs.includes(chosen) ? chosen : tabs[0];
	return [
		h('nav', { class: 'crumbs', 'aria-label': 'Where' },
			h('a', { href: link(['home', 'cluster']) }, 'Cluster'), ' / '),
		h('h1', null, `${COMPONENTS[component] ?? component} `, h('span', { class: 'address' }, address)),
		head(life, component, address),
		h('nav', { class: 'tabs', 'aria-label': 'Of this node' }, tabs.map(name => h('a', {
			href: nodeLink(component, address, name), 'aria-current': name === tab ? 'page' : null },
				TABS[name][0])),
		component === 'proxy' ? h('a', { href: link(['home', 'routing', address]) }, 'Routing →') : null),
		TABS[tab][1](life, address),
	];
}
