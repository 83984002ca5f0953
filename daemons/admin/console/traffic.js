// SPDX-License-Identifier: Apache-2.0
// What a node, or one model on it, lets in, blocks, finishes and fails per second, and how long it takes.

import { get, target } from './api.js';
import { chart } from './chart.js';
import { h, field, button } from './dom.js';
import { milliseconds } from './format.js';
import { averages, remember } from './history.js';
import { limitDialog } from './limit.js';
import { panel } from './panel.js';
import { here, note } from './route.js';
import { session } from './session.js';

const LOOK_MS = 5000;
const LATE_MS = 2000;		// the second that is going on is not told yet
const RATES = [{ name: 'passed', style: 0 }, { name: 'succeeded', style: 1 }, { name: 'blocked', style: 2 },
	{ name: 'failed', style: 3 }];
const MEMBERS = { passed: 'passQps', succeeded: 'successQps', blocked: 'blockQps', failed: 'exceptionQps' };
const WINDOWS = [['1', '1 minute'], ['5', '5 minutes'], ['15', '15 minutes'], ['30', '30 minutes']];

const managing = resource => /^I_[A-Z_]+$/.test(resource);

function windowChoice(changed) {
	const now = here().query.window ?? '5';
	const list = h('select', { onchange: () => { note({ window: list.value === '5' ? ''
		: list.value }); changed(); } },
		WINDOWS.map(([value, text]) => h('option', { value, selected: value === now }, text)));
	return list;
}

// Charts of one resource.
function pair(title, tools) {
	const rates = chart({ title: 'Requests per second', unit: '/s', series: RATES });
	const latency = chart({ title: 'Latency', format: milliseconds, series: [{ name: 'mean', style: 4 }] });
	const element = h('article', { class: 'charts' }, h('h3', null, title, h('span', { class: 'grow' }), tools),
		h('div', { class: 'pair' }, rates.element, latency.element));
	return {
		element,
		update(records, minutes) {
			const to = Date.now() - LATE_MS, from = to - minutes * 60000,
				seconds = Math.max(1, Math.round(minutes / 2));
			const span = { from, to, seconds };
			rates.update(Object.fromEntries(RATES.map(({ name }) =>
				[name, averages(records, { ...span, pick: r => r[MEMBERS[name]],
					full: records.length > 0 })])), from, to);
			latency.update({ mean: averages(records,
				{ ...span, pick: r => r.rt || null, weight: r => r.successQps }) }, from, to);
		},
	};
}

// load(range, options) → {resource: [record, …]}
function traffic(life, { node, title, load, wanted, name, tools, limits }) {
	const pairs = new Map(), body = h('div', { class: 'traffic' });
	const choice = windowChoice(() => draw());
	let last = 0, seen = {};

	function draw() {
		const names = Object.keys(seen).filter(wanted).sort();
		const elements = names.map(resource => {
			if (!pairs.has(resource))
				pairs.set(resource, pair(name(resource), limits?.(resource)));
			pairs.get(resource).update(seen[resource], Number(choice.value));
			return pairs.get(resource).element;
		});
		if (!elements.length)
			elements.push(h('p', { class: 'quiet' }, 'No request has come in the last minutes.'));
		if (elements.length !== body.children.length || elements.some((e, i) => body.children[i] !== e))
			body.replaceChildren(...elements);
		return body;
	}
	const shown = panel(life, {
		title, ms: LOOK_MS, tools: [field('Show', choice), tools],
		load: async options => {
			const now = Date.now(), answer = await load({ beginMs: last ? last - 10000 : now - 300000,
				endMs: now }, options);
			last = now;
			return answer;
		},
		show: answer => {
			for (const resource of new Set([...Object.keys(seen), ...Object.keys(answer ?? {})]))
				seen[resource] = remember(`${node} ${resource}`, answer?.[resource] ?? []);
			return draw();
		},
	});
	return { element: shown.element, draw };
}

export function nodeTraffic(life, node) {
	const all = h('input', { type: 'checkbox', checked: here().query.all === '1',
		onchange: () => { note({ all: all.checked ? '1' : '' }); shown.draw(); } });
	const shown = traffic(life, {
		node, title: 'Traffic by interface', name: resource => resource.replace(/^I_/, ''),
		wanted: resource => all.checked || !managing(resource),
		tools: h('label', { class: 'check' }, all, ' Management calls too'),
		limits: resource => session.operator && !managing(resource)
			? button('Limit…', () => limitDialog({ node, source: resource,
				what: `interface ${resource.slice(2)}` }), { class: 'small' }) : null,
		load: (range, options) => get('monitor/query', { ...target(node), ...range }, options),
	});
	return shown.element;
}

export function modelTraffic(life, node, source) {
	return traffic(life, {
		node, title: `Traffic on ${node}`, name: () => 'This model', wanted: resource => resource === source,
		load: (range, options) => get('monitor/queryModel', { ...target(node), source, ...range }, options),
	}).element;
}
