// SPDX-License-Identifier: Apache-2.0
// What clients can ask for and who answers: services, their providers, and how requests are shared out among them.

import { get, post, target } from './api.js';
import { ask } from './dialog.js';
import { button, facts, field, h } from './dom.js';
import { number } from './format.js';
import { panel } from './panel.js';
import { link, nodeLink } from './route.js';
import { session } from './session.js';
import { table } from './table.js';
import { toast } from './toast.js';

const LOOK_MS = 5000, PAGE = 1000;
const HEAVIEST = 100;
const MODES = {
	ALL_ALLOWED: 'all versions', VERSION_BIGER: 'newer versions',
		VERSION_BIGTHAN_OR_EQUAL: 'this and newer versions',
	VERSION_SMALLER: 'older versions', VERSION_EQUALS: 'this version only',
};

export async function allServices(options) {
	const all = [];
	for (let page = 1; ; page++) {
		const { rows, total } = await get('service/list', { page, pageSize: PAGE }, options);
		all.push(...rows);
		if (!rows.length || all.length >= total)
			return all;
	}
}

export const addressOf = row => `${row.host}:${row.port}`;
const mode = row => row.routerMode && row.routerMode !== 'null' ? row.routerMode : '';

function change(row) {
	const weight = h('input', { type: 'number', min: 0, max: HEAVIEST, step: 1, inputmode: 'numeric',
		value: row.weight });
	const modes = h('select', null, mode(row) ? null : h('option', { value: '' }, 'not set'),
		Object.entries(MODES).map(([value, text]) =>
			h('option', { value, selected: value === mode(row) }, `${value} – ${text}`)));
	const good = () => /^\d+$/.test(weight.value) && Number(weight.value) <= HEAVIEST;
	return ask({
		title: 'Change provider', action: `Change on ${addressOf(row)}`,
		ready: () => good() && (Number(weight.value) !== row.weight || modes.value !== mode(row)),
		content: [facts([['Node', addressOf(row)], ['Service', row.environment], ['Call', row.callName]]),
			field('Weight', weight,
				`0 to ${HEAVIEST}. Requests are shared out by weight; `
				+ '0 gets none while another provider weighs more.'),
			field('Router mode', modes, 'Which versions of callers are led here.')],
		run: async () => {
			const changed = { url: row.url };
			if (Number(weight.value) !== row.weight)
				changed.weight = Number(weight.value);
			if (modes.value !== mode(row))
				changed.routerMode = modes.value;
			const answer = await post('service/update', { ...target(addressOf(row)), ...changed });
			toast('ok', answer.retmsg === 'no change'
				? `${addressOf(row)} had ${row.environment} so already.`
				: `${addressOf(row)} offers ${row.environment} ${row.callName} with weight `
					+ `${weight.value} now.`);
		},
	});
}

// What part of the requests a provider gets, of those that the same name leads to.
function withShares(rows) {
	const sums = new Map();
	for (const r of rows)
		sums.set(r.name, (sums.get(r.name) ?? 0) + r.weight);
	return rows.map(r => ({ ...r, index: 0, share: sums.get(r.name) ? r.weight / sums.get(r.name) : null }));
}

function meter(row) {
	return row.share === null ? '–' : h('span', { class: 'share' },
		h('meter', { min: 0, max: 1, value: row.share, 'aria-hidden': 'true' }),
		` ${number(row.share * 100)} %`);
}

export function servicesPage(life) {
	const trial = row => row.needVerify && session.operator
		? h('a', { class: 'button small',
			href: link(['home', 'service', row.environment, row.callName], { node: addressOf(row) }),
			'data-focus': 'try' }, 'Try…') : null;
	const edit = row => session.operator
		? button('Change…', async () => { if (await change(row)) shown.read(); },
		{ class: 'small', 'data-focus': 'change' }) : null;
	const rows = table({
		caption: 'Providers of services', order: 'Service', search: 'Search services, calls, nodes', size: 50,
		key: r => `${r.name} ${addressOf(r)}`, text: r => `${r.name} ${addressOf(r)} ${mode(r)}`,
		empty: 'No service is registered. A model that is bound to a service id appears here.',
		columns: [
			{ title: 'Service', cell: r => h('strong', null, r.environment), sort: r =>
				`${r.environment} ${r.callName} ${addressOf(r)}` },
			{ title: 'Call', cell: r => [r.callName, h('div', { class: 'quiet' }, r.project)], sort: r =>
				r.callName },
			{ title: 'Node', cell: r => h('a',
				{ href: nodeLink(r.project, addressOf(r)), 'data-focus': 'node' }, addressOf(r)),
				sort: addressOf, cls: 'address' },
			{ title: 'Weight', cell: r => number(r.weight), sort: r => r.weight, cls: 'number' },
			{ title: 'Share', cell: meter, sort: r => r.share ?? -1 },
			{ title: 'Router mode', cell: r => mode(r) || '–', sort: mode },
			{ title: 'Version', cell: r => r.version, sort: r => r.version, cls: 'number' },
			{ title: '', cell: r => h('div', { class: 'actions' }, trial(r), edit(r)) },
		],
	});
	const shown = panel(life, { title: 'Providers', ms: LOOK_MS, load: allServices, show: list =>
		rows.update(withShares(list)) });
	return [h('h1', null, 'Services'), shown.element];
}
