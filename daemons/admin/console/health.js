// SPDX-License-Identifier: Apache-2.0
// What every node says about its own health, and which do not answer. The worst comes first.

import { get } from './api.js';
import { badge, button, h } from './dom.js';
import { ago, count, time } from './format.js';
import { COMPONENTS } from './nodes.js';
import { panel } from './panel.js';
import { nodeLink } from './route.js';
import { failure, toast } from './toast.js';

const LOOK_MS = 10000, CHECK_PATIENCE_MS = 60000;
const LISTS = [['error', 'errorList'], ['warn', 'warnList'], ['ok', 'okList']];
const NOBODY = 'No instance founded';
const WORDS = { ok: 'healthy', warn: 'warnings', error: 'errors', idle: 'says nothing' };

function nodesOf(health) {
	return ['proxy', 'serving'].flatMap(component => Object.entries(health?.[component] ?? {})
		.filter(([address]) => address !== NOBODY)
		.map(([address, lists]) => {
			const items = LISTS.flatMap(([kind, list]) => (lists[list] ?? []).map(r => ({ kind, ...r })));
			return { component, address, items, kind: items[0]?.kind ?? 'idle' };
		}));
}

const RANK = { error: 0, warn: 1, idle: 2, ok: 3 };

function card({ component, address, items, kind }) {
	return h('article',
		{ class: `card ${kind}`, 'data-node': address },
		h('h3', null, h('a', { href: nodeLink(component, address) }, address), h('span', { class: 'grow' }),
			badge(kind, WORDS[kind])),
		h('p', { class: 'quiet' }, COMPONENTS[component]),
		h('ul', { class: 'checks' }, items.map(r =>
			h('li', null, badge(r.kind, r.checkItemName), h('div', { class: 'quiet' }, r.msg)))),
		items.length ? null : h('p', { class: 'quiet' },
			'The node answers, but has checked nothing: its health checks may be switched off.'));
}

export function healthPage(life) {
	const grid = h('div', { class: 'cards' }), summary = h('p', { class: 'summary', role: 'status' }),
		body = h('div', null, summary, grid);
	let said = '', fresh = null;

	function show(health) {
		const nodes = nodesOf(health).sort((a, b) => RANK[a.kind] - RANK[b.kind]
			|| a.address.localeCompare(b.address, 'en', { numeric: true }));
		const n = kind => nodes.filter(x => x.kind === kind).length;
		const missing = ['proxy', 'serving'].filter(c => NOBODY in (health?.[c] ?? {}));
		const kind = ['error', 'warn'].find(k => n(k))
			?? (missing.length ? 'warn' : nodes.length ? 'ok' : 'idle');
		const text = !health?.timestamp ? 'No check has ended yet.' : kind === 'ok'
			? `All ${count(nodes.length, 'node')} healthy.`
			: [n('error')
				&& `${count(n('error'), 'node')} with errors`, n('warn')
				&& `${count(n('warn'), 'node')} with warnings`, `${n('ok')} healthy`].filter(Boolean)
				.join(', ') + '.';
		summary.replaceChildren(badge(kind, text),
			...missing.map(c => h('span', { class: 'warn-text' },
			` ▲ No ${COMPONENTS[c].toLowerCase()} is registered.`)),
			h('span', { class: 'quiet', title: time(health?.timestamp) }, health?.timestamp
				? ` Checked ${ago(health.timestamp)}.` : ''));
		const now = JSON.stringify(nodes);
		if (now !== said)
			grid.replaceChildren(...nodes.map(card));
		said = now;
		return body;
	}
	const check = button('Check now', async () => {
		check.disabled = true;
		check.textContent = 'Checking…';
		try {
			fresh = await get('monitor/selfCheck', {},
				{ signal: life.signal, patience: CHECK_PATIENCE_MS });
			await shown.read();
			toast('ok', 'All nodes were asked.');
		} catch (e) {
			if (e.name !== 'AbortError')
				body.prepend(failure(e));
		}
		check.disabled = false;
		check.textContent = 'Check now';
	}, { class: 'small primary' });
	const shown = panel(life, {
		title: 'What the nodes say', tools: check, ms: LOOK_MS, show,
		load: options => {
			const health = fresh;
			fresh = null;
			return health ?? get('monitor/checkHealth', {}, options);
		},
	});
	return [h('h1', null, 'Health'), shown.element];
}
