// SPDX-License-Identifier: Apache-2.0
// A table that is sorted, searched and paged over all its rows. A row is known by its key, never by its place:
// reading again replaces only rows that changed, so that focus, selection and open details stay.

import { h, fill, button, newId } from './dom.js';
import { compare, count } from './format.js';
import { here, note } from './route.js';

// columns: [{title, cell(row) → node or text, sort(row) → value, cls}]; key(row) → text;
// text(row) → what search looks at.
// name: prefix of what is kept in the address. filters: further nodes beside the search.
export function table({ name = '', caption, columns, key, text, size = 25, empty, filters, search = 'Search',
	order = '' }) {
	const at = here().query;
	const mine = word => name + word;
	const want = { q: at[mine('q')] ?? '', order: at[mine('order')] ?? order, page: Number(at[mine('page')])
		|| 1 };
	const kept = new Map();		// key → {said, tr}
	const head = h('tr'), body = h('tbody'), foot = h('div', { class: 'table-foot' });
	const input = h('input', { type: 'search', id: newId('search'), 'aria-label': search, placeholder: search,
		value: want.q,
		oninput: () => turn({ q: input.value, page: 1 }) });
	const element = h('div', { class: 'table' },
		text || filters ? h('div', { class: 'filters' }, text ? input : null, filters) : null,
		h('div', { class: 'scroll' }, h('table', null, h('caption', { class: 'hidden' }, caption),
			h('thead', null, head), body)), foot);
	let all = [], headed = null, footed = null;

	function turn(changes) {
		Object.assign(want, changes);
		note({ [mine('q')]: want.q, [mine('order')]: want.order === order ? '' : want.order,
			[mine('page')]: want.page > 1 ? String(want.page) : '' });
		draw();
	}

	function heads() {
		if (headed === want.order)
			return;
		headed = want.order;
		const [by, down] = [want.order.replace(/^-/, ''), want.order.startsWith('-')];
		fill(head, columns.map(c => {
			if (!c.sort)
				return h('th', { scope: 'col', class: c.cls }, c.title);
			const on = by === c.title;
			return h('th', { scope: 'col', class: c.cls, 'aria-sort': on ? down ? 'descending'
				: 'ascending' : 'none' },
				button([c.title, h('span', { 'aria-hidden': 'true', class: 'arrow' }, on ? down ? ' ▼'
					: ' ▲' : '')],
					() => {
						turn({ order: on && !down ? `-${c.title}` : c.title });
						head.querySelectorAll('button')
							.forEach(b => b.textContent.startsWith(c.title) && b.focus());
					}, { class: 'plain' }));
		}));
	}

	function chosen() {
		const words = want.q.toLowerCase().split(/\s+/).filter(Boolean);
		const rows = all.filter(row => words.every(word => text(row).toLowerCase().includes(word)));
		const column = columns.find(c => c.title === want.order.replace(/^-/, '') && c.sort);
		const sign = want.order.startsWith('-') ? -1 : 1;
		return column ? rows.sort((a, b) => sign * compare(column.sort(a), column.sort(b))
			|| compare(key(a), key(b))) : rows;
	}

	// The row as it is shown, made anew only when it says something else.
	function line(row) {
		const said = JSON.stringify(row), id = key(row), old = kept.get(id);
		if (old?.said === said)
			return old.tr;
		const tr = h('tr', { 'data-key': id },
			columns.map(c => h('td', { class: c.cls, 'data-label': c.title }, c.cell(row))));
		const focus = old?.tr.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
		kept.set(id, { said, tr });
		if (focus)
			queueMicrotask(() => tr.querySelector(`[data-focus="${CSS.escape(focus)}"]`)?.focus());
		return tr;
	}

	function draw() {
		const rows = chosen(), pages = Math.max(1, Math.ceil(rows.length / size));
		want.page = Math.min(want.page, pages);
		heads();
		const lines = rows.slice((want.page - 1) * size, want.page * size).map(line);
		for (let i = 0; i < lines.length; i++)
			if (body.children[i] !== lines[i])
				body.insertBefore(lines[i], body.children[i] ?? null);
		while (body.children.length > lines.length)
			body.lastChild.remove();
		if (!lines.length)
			fill(body, h('tr', { class: 'none' }, h('td', { colspan: columns.length },
				all.length ? 'Nothing of it matches the search.' : empty
					?? 'There is nothing to show.')));
		feet(rows.length, pages);
	}

	function feet(n, pages) {
		const said = [n, all.length, want.page, pages].join();
		if (footed === said)
			return;
		footed = said;
		const step = (word, by) => button(word, () => turn({ page: want.page + by }),
			{ class: 'small', disabled: want.page + by < 1 || want.page + by > pages });
		fill(foot, h('span', { class: 'quiet' }, n === all.length ? count(n, 'row')
			: `${n} of ${count(all.length, 'row')}`),
			pages > 1 ? [step('Previous', -1),
				h('span', null, `page ${want.page} of ${pages}`), step('Next', 1)] : null);
	}

	return {
		element,
		update(rows) {
			all = rows;
			const there = new Set(rows.map(key));
			for (const id of kept.keys())
				if (!there.has(id))
					kept.delete(id);
			draw();
			return element;
		},
		// Shows it again when what is beside the rows has changed, for instance a filter.
		redraw() {
			kept.clear();
			draw();
		},
	};
}
