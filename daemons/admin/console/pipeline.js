// SPDX-License-Identifier: Apache-2.0
// The components of a model in their order, and the parameters of the one that is chosen.

import { button, fill, h } from './dom.js';
import { here, note } from './route.js';

const OPEN_AT_FIRST = 12;	// entries: small values are shown at once, large ones when asked for

function leaf(name, value) {
	return h('div', { class: 'leaf' }, h('span', { class: 'name' }, name), ' ',
		h('code', null, JSON.stringify(value)));
}

function size(value) {
	return Array.isArray(value) ? `[${value.length}]` : `{${Object.keys(value).length}}`;
}

// Children are made when they are first seen: a forest has many thousand nodes.
function tree(name, value) {
	if (value === null || typeof value !== 'object')
		return leaf(name, value);
	const entries = Object.entries(value), box = h('div', { class: 'branch' });
	const node = h('details', { open: entries.length <= OPEN_AT_FIRST },
		h('summary', null, h('span', { class: 'name' }, name), ' ',
		h('span', { class: 'quiet' }, size(value))), box);
	const grow = () => {
		if (node.open && !box.firstChild)
			fill(box, entries.map(([k, v]) => tree(k, v)));
	};
	node.addEventListener('toggle', grow);
	grow();
	return node;
}

function parameters(component) {
	const entries = Object.entries(component.params ?? {});
	const nodes = entries.map(([k, v]) => tree(k, v)), box = h('div', { class: 'tree' }, nodes);
	// One level with each press: all at once could be endless.
	const all = open => [...box.querySelectorAll('details')].forEach(d => { d.open = open; });
	return [h('h3', null, component.name, ` – ${entries.length} parameters`, h('span', { class: 'grow' }),
		button('Unfold', () => all(true), { class: 'small' }),
			button('Fold', () => all(false), { class: 'small' })),
	entries.length ? box : h('p', { class: 'quiet' }, 'This component has no parameters.')];
}

export function pipelineView() {
	const list = h('ol', { class: 'components' }), side = h('div', { class: 'parameters' });
	const body = h('div', { class: 'pipeline' }, list, side),
		nothing = h('p', { class: 'quiet' }, 'The node shows no pipeline of this model.');

	return components => {
		if (!components.length)
			return nothing;
		const wanted = here().query.component;
		const choose = c => {
			for (const b of list.querySelectorAll('button'))
				b.setAttribute('aria-pressed', String(b.textContent === c.name));
			fill(side, parameters(c));
		};
		fill(list, components.map(c =>
			h('li', null, button(c.name, () => { note({ component: c.name }); choose(c); }))));
		choose(components.find(c => c.name === wanted) ?? components[0]);
		return body;
	};
}
