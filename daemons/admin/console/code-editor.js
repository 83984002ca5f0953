// SPDX-License-Identifier: Apache-2.0
// A text area with line numbers and its own way back: changes that the page makes can be undone like typed ones.

import { h, fill } from './dom.js';

const TYPING_MS = 700;		// changes within this time are one step
const MOST_STEPS = 200;

export function codeEditor({ label, readonly, changed }) {
	const area = h('textarea', { class: 'code', spellcheck: 'false', autocomplete: 'off', wrap: 'off',
		'aria-label': label, readonly });
	const gutter = h('div', { class: 'gutter code', 'aria-hidden': 'true' });
	const element = h('div', { class: 'editor' }, gutter, area);
	let steps = [''], at = 0, typed = 0, count = 0;

	function lines() {
		const n = area.value.split('\n').length;
		if (n !== count) {
			count = n;
			fill(gutter, Array.from({ length: n }, (_, i) => `${i + 1}\n`).join(''));
		}
		gutter.scrollTop = area.scrollTop;
	}
	function tell() {
		lines();
		changed();
	}
	function keep(merge) {
		if (!merge || at === 0)
			at++;
		steps = [...steps.slice(0, at), area.value].slice(-MOST_STEPS);
		at = steps.length - 1;
		tell();
	}
	function step(by) {
		if (!(at + by in steps))
			return;
		at += by;
		area.value = steps[at];
		typed = 0;
		tell();
	}
	area.addEventListener('input', () => {
		const now = Date.now();
		keep(now - typed < TYPING_MS);
		typed = now;
	});
	area.addEventListener('scroll', () => { gutter.scrollTop = area.scrollTop; });
	area.addEventListener('keydown', e => {
		const way = (e.ctrlKey || e.metaKey) && { z: e.shiftKey ? 1 : -1, Z: 1, y: 1 }[e.key];
		if (way) {
			e.preventDefault();
			step(way);
		}
	});
	return {
		element,
		get text() { return area.value; },
		get canUndo() { return at > 0; },
		get canRedo() { return at < steps.length - 1; },
		undo: () => step(-1),
		redo: () => step(1),
		// A new text to begin with: nothing to undo.
		begin(text) {
			area.value = text;
			steps = [text];
			at = 0;
			tell();
		},
		change(text) {
			area.value = text;
			typed = 0;
			keep(false);
		},
		show(from) {
			const line = area.value.slice(0, from).split('\n').length;
			area.focus();
			area.setSelectionRange(from, from + 1);
			area.scrollTop = Math.max(0, (line - 5) * parseFloat(getComputedStyle(area).lineHeight));
		},
	};
}
