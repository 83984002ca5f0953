// SPDX-License-Identifier: Apache-2.0
// Who changed what, when, where, and what came of it. The daemon keeps it; nothing here can change it.

import { get } from './api.js';
import { badge, button, field, fill, h } from './dom.js';
import { count, time } from './format.js';
import { panel } from './panel.js';
import { here, note } from './route.js';
import { session } from './session.js';

const PAGE = 50;
const HEADS = ['When', 'Who', 'What', 'Node', 'With', 'Result'], WHOLE = ['When', 'Who', 'What', 'Node'];

function line(r) {
	const cells = [time(r.timestamp),
		[r.user, h('div', { class: 'quiet' },
		`${r.role ?? ''} ${r.peer ? `from ${r.peer}` : ''}`)], h('code', null, r.action), r.target || '–',
		Object.entries(r.parameters ?? {})
			.map(([k, v]) => h('div', null,
			h('span', { class: 'quiet' },
			`${k} `), h('code', null, typeof v === 'string' ? v : JSON.stringify(v)))),
		[badge(r.retcode === 0 ? 'ok' : 'error', r.retcode === 0 ? 'done'
			: `refused, ${r.retcode}`), r.retcode === 0 ? null : h('div', null, r.retmsg),
			r.caseid ? h('div', { class: 'case' }, 'case ', h('code', null, r.caseid)) : null]];
	return h('tr', null, cells.map((cell, i) =>
		h('td', { 'data-label': HEADS[i], class: WHOLE.includes(HEADS[i]) ? 'whole' : null }, cell)));
}

export function auditPage(life) {
	if (!session.operator)
		return [h('h1', null, 'Audit'), h('p', null, 'Only operators may read the audit.')];
	const { query } = here();
	const user = h('input', { type: 'search', value: query.user ?? '' }),
		action = h('input', { type: 'search', value: query.action ?? '',
		placeholder: 'for instance model/unload' });
	const body = h('tbody'), foot = h('div', { class: 'table-foot' });
	const view = h('div', { class: 'table' },
		h('div', { class: 'scroll' }, h('table', null, h('caption', { class: 'hidden' }, 'Audit'),
		h('thead', null, h('tr', null, HEADS.map(t => h('th', { scope: 'col' }, t)))), body)), foot);
	let page = Number(query.page) || 1;

	function turn(to) {
		page = to;
		note({ user: user.value, action: action.value, page: page > 1 ? String(page) : '' });
		shown.read();
	}
	const shown = panel(life, {
		title: 'Changes, newest first',
		load: options => get('audit', { page, pageSize: PAGE, user: user.value.trim(),
			action: action.value.trim() }, options),
		show: ({ total, rows }) => {
			const pages = Math.max(1, Math.ceil(total / PAGE));
			fill(body, rows.length ? rows.map(line)
				: h('tr', { class: 'none' },
				h('td', { colspan: HEADS.length }, 'Nothing is recorded for this.')));
			fill(foot, h('span', { class: 'quiet' }, count(total, 'entry', 'entries')), pages > 1
				? [button('Newer', () => turn(page - 1), { class: 'small', disabled: page <= 1 }),
				h('span', null,
					`page ${page} of ${pages}`),
					button('Older', () => turn(page + 1),
					{ class: 'small', disabled: page >= pages })] : null);
			return view;
		},
	});
	return [h('h1', null, 'Audit'), h('form',
		{ class: 'filters row', onsubmit: e => { e.preventDefault(); turn(1); } }, field('User', user),
		field('Action', action),
		h('button', { type: 'submit' }, 'Search')), shown.element];
}
