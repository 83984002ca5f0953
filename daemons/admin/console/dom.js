// SPDX-License-Identifier: Apache-2.0
// Whatever is shown is made here: elements and text nodes, never markup. Data cannot become code that way.

const SVG = 'http://www.w3.org/2000/svg';

function apply(element, props) {
	for (const [name, value] of Object.entries(props ?? {})) {
		if (value === undefined || value === null || value === false)
			continue;
		if (name.startsWith('on'))
			element.addEventListener(name.slice(2), value);
		else if (name === 'value' || name === 'checked' || name === 'disabled' || name === 'hidden')
			element[name] = value;
		else
			element.setAttribute(name, value === true ? '' : String(value));
	}
}

// children: nodes, texts, numbers, or lists of them; null, undefined and false are left out.
export function add(element, ...children) {
	for (const child of children.flat(Infinity)) {
		if (child === undefined || child === null || child === false)
			continue;
		element.append(child instanceof Node ? child : document.createTextNode(String(child)));
	}
	return element;
}

// h('button', {class: 'small', onclick: f}, 'Save')
export function h(name, props, ...children) {
	const element = document.createElement(name);
	apply(element, props);
	return add(element, ...children);
}

export function svg(name, props, ...children) {
	const element = document.createElementNS(SVG, name);
	apply(element, props);
	return add(element, ...children);
}

export function fill(element, ...children) {
	element.replaceChildren();
	return add(element, ...children);
}

let ids = 0;
export function newId(prefix) {
	return `${prefix}-${++ids}`;
}

// A labelled control: label and hint are tied to it for those who hear the page.
export function field(label, control, hint) {
	control.id ||= newId('field');
	const about = hint ? h('small', { class: 'hint', id: `${control.id}-hint` }, hint) : null;
	if (about)
		control.setAttribute('aria-describedby', about.id);
	return h('div', { class: 'field' }, h('label', { for: control.id }, label), control, about);
}

export function button(text, onclick, props) {
	return h('button', { type: 'button', onclick, ...props }, text);
}

// A state that is told by mark and word, not by colour alone. kind: ok, warn, error, idle.
const MARKS = { ok: '●', warn: '▲', error: '■', idle: '○' };
export function badge(kind, text, title) {
	return h('span',
		{ class: `badge ${kind}`, title }, h('span', { 'aria-hidden': 'true' }, MARKS[kind]), ' ', text);
}

export function chip(text, title) {
	return h('span', { class: 'chip', title }, text);
}

// Pairs of name and value.
export function facts(pairs) {
	return h('dl', { class: 'facts' }, pairs.filter(Boolean).map(([name, value]) =>
		h('div', null, h('dt', null, name), h('dd', null, value ?? '–'))));
}
