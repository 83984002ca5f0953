// SPDX-License-Identifier: Apache-2.0
// A part of a page that loads by itself and says so itself: the rest of the page stays usable. When reading again
// fails, what was read before stays, marked as old.

import { h, fill, button } from './dom.js';
import { clock } from './format.js';
import { failure } from './toast.js';

// The life of a page: work that it began ends with it.
export function scope() {
	const end = new AbortController();
	return {
		signal: end.signal,
		end: () => end.abort(),
		onEnd: f => end.signal.addEventListener('abort', f, { once: true }),
	};
}

// Calls f every ms, never twice at a time, not while nobody looks; at once when somebody looks again.
export function every(life, ms, f) {
	let timer = 0, running = false;
	const next = () => {
		clearTimeout(timer);
		if (!life.signal.aborted)
			timer = setTimeout(run, ms);
	};
	const run = async () => {
		if (running || document.hidden || life.signal.aborted)
			return;
		running = true;
		try {
			await f();
		} finally {
			running = false;
			next();
		}
	};
	const seen = () => {
		if (!document.hidden)
			run();
	};
	document.addEventListener('visibilitychange', seen);
	life.onEnd(() => {
		clearTimeout(timer);
		document.removeEventListener('visibilitychange', seen);
	});
	next();
}

// load({signal, quiet}) gives the data; show(data) the node that shows it, the same one again where it can.
// ms: read again that often. tools: nodes for the head of the panel.
export function panel(life, { title, id, load, show, ms, tools, level = 'h2' }) {
	const state = h('span', { class: 'state' }, 'loading…');
	const trouble = h('div');
	const body = h('div', { class: 'panel-body' }, h('div', { class: 'skeleton' }));
	const again = button('Refresh', () => read(false), { class: 'small' });
	const element = h('section', { class: 'panel', id, 'aria-busy': 'true' },
		h('header', null, h(level, null, title), h('span', { class: 'grow' }), state, tools, again), trouble,
			body);
	let shown = false;

	async function read(quiet) {
		if (!quiet)
			again.disabled = true;
		try {
			const node = show(await load({ signal: life.signal, quiet }));
			if (body.firstChild !== node || body.childNodes.length !== 1)
				fill(body, node);
			shown = true;
			fill(trouble);
			fill(state, `${clock(Date.now())}`);
			element.classList.remove('old');
		} catch (e) {
			if (e.name === 'AbortError')
				return;
			if (!e.code)
				console.error(e);
			fill(trouble, failure(e));
			fill(state, shown ? 'not up to date' : 'cannot be shown');
			element.classList.toggle('old', shown);
			if (!shown)
				fill(body);
		} finally {
			again.disabled = false;
			element.removeAttribute('aria-busy');
		}
	}
	read(false);
	if (ms)
		every(life, ms, () => read(true));
	return { element, read: () => read(false) };
}
