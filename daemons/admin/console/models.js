// SPDX-License-Identifier: Apache-2.0
// All models of all nodes: one line for each model, with the nodes that have it loaded, its services and its limits.

import { get } from './api.js';
import { h, chip } from './dom.js';
import { ago, number, time } from './format.js';
import { panel } from './panel.js';
import { link, modelLink, nodeLink } from './route.js';
import { table } from './table.js';

const LOOK_MS = 5000;

export const partyOf = row => `${row.role} ${row.partId}`;
export const services = ids => ids?.length ? ids.map(id => chip(id)) : h('span', { class: 'quiet' }, 'none');

function where(row) {
	return row.nodes.map(n => h('div', { class: 'where' },
		h('a', { href: nodeLink('serving', n.address, 'models'), 'data-focus': n.address }, n.address),
		n.allowQps === undefined || n.allowQps === null ? null
			: h('span', { class: 'chip limit' }, `≤ ${number(n.allowQps)} /s`)));
}

// The nodes do not agree about a model: worth a look before anything is changed.
function differs(row) {
	return new Set(row.nodes.map(n => JSON.stringify([...n.serviceIds ?? []].sort()))).size > 1;
}

const COLUMNS = [
	{ title: 'Model', sort: r => r.namespace, cls: 'wide', cell: r => [
		h('a', { href: modelLink(r.tableName, r.namespace), 'data-focus': 'open', title: r.namespace },
			r.namespace),
		h('div', { class: 'quiet' }, 'version ', h('code', null, r.tableName))] },
	{ title: 'Party', cell: partyOf, sort: partyOf, cls: 'whole' },
	{ title: 'Services', sort: r => r.serviceIds?.join() ?? '', cell: r => [services(r.serviceIds),
		differs(r) ? h('div', { class: 'warn-text' }, '▲ not the same on all nodes') : null] },
	{ title: 'Nodes', cell: where, sort: r => r.nodes.length },
	{ title: 'Loaded', sort: r => newest(r), cls: 'whole', cell: r =>
		h('span', { title: time(newest(r)) }, time(newest(r)),
		h('div', { class: 'quiet' }, ago(newest(r)))) },
];

const newest = row => Math.max(...row.nodes.map(n => n.timestamp ?? 0), 0) || row.timestamp;

export function silent(errors) {
	return errors?.length ? h('div', { class: 'failure' },
		h('strong', null, 'Not all nodes have answered; their models are missing here.'),
		errors.map(e => h('div', null, `${e.address}: ${e.retmsg}`))) : null;
}

// node: only what this one has loaded.
export function modelTable(life, node) {
	const rows = table({
		caption: 'Models', columns: COLUMNS, key: r => `${r.tableName} ${r.namespace}`, order: '-Loaded',
			search: 'Search models, services, parties, nodes',
		text: r => [r.namespace, r.tableName, partyOf(r), ...r.serviceIds ?? [],
			...r.nodes.map(n => n.address)].join(' '),
		empty: node ? 'This node has no model loaded.'
			: 'No node has a model loaded. FATE-Flow pushes models; '
				+ 'fate-servingctl model load takes them from a file.',
	});
	const trouble = h('div'), body = h('div', null, trouble, rows.element);
	return panel(life, {
		title: node ? `Models on ${node}` : 'Models on all nodes', ms: LOOK_MS,
		load: options => get('cluster/models', {}, options),
		show: data => {
			trouble.replaceChildren(...[silent(data.errors?.filter(e => !node || e.address === node))]
				.filter(Boolean));
			rows.update(node ? data.rows.filter(r => r.nodes.some(n => n.address === node)) : data.rows);
			return body;
		},
	}).element;
}

export function modelsPage(life) {
	return [h('h1', null, 'Models'), modelTable(life),
		h('p', { class: 'quiet' }, 'Services show how requests reach a model: ',
			h('a', { href: link(['home', 'service']) }, 'Services'), '.')];
}
