// SPDX-License-Identifier: Apache-2.0
// One model: where it is loaded, what it is bound to, its pipeline, its traffic. What can be done with it is done
// here.

import { get, target } from './api.js';
import { button, facts, h } from './dom.js';
import { number, time } from './format.js';
import { limitDialog } from './limit.js';
import { bindDialog, copyDialog, unloadDialog } from './model-actions.js';
import { partyOf, services, silent } from './models.js';
import { of, stateBadge } from './nodes.js';
import { panel } from './panel.js';
import { pipelineView } from './pipeline.js';
import { here, link, nodeLink, note } from './route.js';
import { session } from './session.js';
import { table } from './table.js';
import { modelTraffic } from './traffic.js';

const LOOK_MS = 5000;
const PAGE = 100;

// Only a list of all models tells pipelines, so it is leafed through until the model is found.
export async function pipelineOf(node, { tableName, namespace }, options) {
	for (let page = 1; ; page++) {
		const { rows, total } = await get('model/query', { ...target(node), page, pageSize: PAGE }, options);
		const row = rows.find(r => r.tableName === tableName && r.namespace === namespace);
		if (row)
			return row.components ?? [];
		if (!rows.length || page * PAGE >= total)
			return [];
	}
}

// Service ids lead to a trial call on that very node, for those who may.
function trials({ address, serviceIds }) {
	if (!session.operator || !serviceIds?.length)
		return services(serviceIds);
	return serviceIds.map(id => h('a',
		{ class: 'chip', href: link(['home', 'service', id, 'inference'], { node: address }),
		title: `Try ${id} on ${address}`, 'data-focus': id }, id));
}

function nodesTable(model, done) {
	const act = (text, run, danger) => button(text, async () => { if (await run()) done(); },
		{ class: danger ? 'small danger' : 'small', 'data-focus': text });

	function actions(row) {
		const on = row.loaded?.address;
		if (!session.operator)
			return null;
		if (!on)
			return row.sources.length && row.node.state !== 'unreachable'
				? act('Copy here…', () => copyDialog(model, row.sources, row.node.address, false))
					: null;
		const what = `model ${model.tableName} (${model.namespace})`;
		return h('div', { class: 'actions' },
			act('Limit…', () => limitDialog({ node: on, source: row.resource, what,
				now: row.loaded.allowQps ?? null })),
			row.sources.length > 1 ? act('Copy here again…', () =>
				copyDialog(model, row.sources.filter(s => s !== on), on, true)) : null,
			row.loaded.serviceIds?.length ? act('Unbind…', () => bindDialog(model, row.loaded)) : null,
			act('Unload…', () => unloadDialog(model, row.loaded, row.sources.length - 1), true));
	}
	return table({
		caption: 'Nodes', key: r => r.node.address, order: 'Node',
		empty: 'No server is registered.',
		columns: [
			{ title: 'Node', cell: r => h('a',
				{ href: nodeLink('serving', r.node.address), 'data-focus': 'node' }, r.node.address),
				sort: r => r.node.address, cls: 'address' },
			{ title: 'State', cell: r => stateBadge(r.node), sort: r => r.node.state },
			{ title: 'Loaded', cell: r => r.loaded ? time(r.loaded.timestamp)
				: h('span', { class: 'quiet' }, 'not loaded'), sort: r => r.loaded?.timestamp ?? 0 },
			{ title: 'Services', cell: r => r.loaded ? trials(r.loaded) : '', sort: r =>
				r.loaded?.serviceIds?.join() ?? '' },
			{ title: 'Limit', cell: r => r.loaded ? r.loaded.allowQps === undefined
				|| r.loaded.allowQps === null ? 'none' : `${number(r.loaded.allowQps)} /s` : '',
				sort: r => r.loaded?.allowQps ?? Infinity, cls: 'number' },
			{ title: '', cell: actions },
		],
	});
}

function join(overview, models, model) {
	const row = models.rows.find(r => r.tableName === model.tableName && r.namespace === model.namespace);
	const sources = row?.nodes.map(n => n.address) ?? [];
	const nodes = of(overview, 'serving').map(({ address, state, reason }) => ({ address, state, reason }));
	for (const address of sources)		// loaded where nothing is registered any more
		if (!nodes.some(n => n.address === address))
			nodes.push({ address, state: 'unknown' });
	return { row, lines: nodes.map(node => ({ node, sources, resource: row?.resourceName,
		loaded: row?.nodes.find(n => n.address === node.address) })) };
}

function about(row) {
	return facts([['Role', partyOf(row)],
		['Parties', row.rolePartyMapList?.map(p => `${p.role} ${p.partId}`).join(', ')],
		['Services', services(row.serviceIds)], row.resourceAdress
			&& ['Delivered by FATE-Flow at', row.resourceAdress],
		['Resource', h('code', null, row.resourceName)]]);
}

// Pipeline and traffic are those of one node, chosen by address.
function details(life, model) {
	const place = h('div');
	let drawn = '';
	return row => {
		const nodes = row.nodes.map(n => n.address), wanted = here().query.node, node = nodes.includes(wanted)
			? wanted : nodes[0];
		const said = [node, ...nodes].join();
		if (said === drawn)
			return place;
		drawn = said;
		const choice = h('select', { 'aria-label': 'Node',
			onchange: () => { note({ node: choice.value }); draw(); } },
			nodes.map(n => h('option', { value: n, selected: n === node }, n)));
		const view = pipelineView();
		function draw() {
			place.replaceChildren(
				panel(life, { title: 'Pipeline', id: 'pipeline', tools: nodes.length > 1 ? choice
					: null, load: options => pipelineOf(choice.value, model, options),
					show: view }).element,
				modelTraffic(life, choice.value, row.resourceName));
		}
		draw();
		return place;
	};
}

export function modelPage(life, [tableName, namespace]) {
	const model = { tableName, namespace }, head = h('div'), below = h('div'), more = details(life, model);
	const nodes = panel(life, {
		title: 'Nodes', id: 'model-nodes', ms: LOOK_MS,
		load: async options => {
			const [overview, models] = await Promise.all([get('cluster/overview', {}, options),
				get('cluster/models', {}, options)]);
			return { ...join(overview, models, model), errors: models.errors };
		},
		show: ({ row, lines, errors }) => {
			if (row) {
				head.replaceChildren(h('div', { class: 'panel node-head' }, about(row)));
				below.replaceChildren(more(row));
			} else {
				head.replaceChildren(h('div', { class: 'failure' },
					h('strong', null, 'No node that answers has this model loaded.')));
				below.replaceChildren();
			}
			return h('div', null, silent(errors), list.update(lines));
		},
	});
	const list = nodesTable(model, nodes.read);
	return [
		h('nav', { class: 'crumbs', 'aria-label': 'Where' },
			h('a', { href: link(['home', 'models']) }, 'Models'), ' / '),
		h('h1', null, 'Model ', h('span', { class: 'address' }, namespace)),
			h('p', { class: 'quiet' }, 'Version ', h('code', null, tableName)),
		head, nodes.element, below,
	];
}
