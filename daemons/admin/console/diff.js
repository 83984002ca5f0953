// SPDX-License-Identifier: Apache-2.0
// Two texts side by side, line by line: what went, what came, and a little of what stayed around it.

import { h } from './dom.js';

const LARGEST = 4e6;	// cells of the table of common lines; larger texts are shown as replaced
const AROUND = 3;

// Longest common lines, then read backwards: [['-'|'+'|' ', line], …]
function compare(a, b) {
	if (a.length * b.length > LARGEST)
		return [...a.map(l => ['-', l]), ...b.map(l => ['+', l])];
	const w = b.length + 1, best = new Uint32Array((a.length + 1) * w), out = [];
	for (let i = 1; i <= a.length; i++)
		for (let j = 1; j <= b.length; j++)
			best[i * w + j] = a[i - 1] === b[j - 1] ? best[(i - 1) * w + j - 1] + 1
				: Math.max(best[(i - 1) * w + j], best[i * w + j - 1]);
	for (let i = a.length, j = b.length; i || j;) {
		if (i && j && a[i - 1] === b[j - 1]) {
			out.push([' ', a[--i]]);
			j--;
		} else if (j && (!i || best[i * w + j - 1] >= best[(i - 1) * w + j])) {
			out.push(['+', b[--j]]);
		} else {
			out.push(['-', a[--i]]);
		}
	}
	return out.reverse();
}

export function lines(before, after) {
	const a = before.split('\n'), b = after.split('\n');
	let start = 0, end = 0;
	while (start < Math.min(a.length, b.length) && a[start] === b[start])
		start++;
	while (end < Math.min(a.length, b.length) - start && a[a.length - 1 - end] === b[b.length - 1 - end])
		end++;
	const same = list => list.map(l => [' ', l]);
	return [...same(a.slice(0, start)),
		...compare(a.slice(start, a.length - end), b.slice(start, b.length - end)),
		...same(a.slice(a.length - end))];
}

const KINDS = { '-': 'gone', '+': 'come', ' ': 'same' };

export function diffView(before, after) {
	const all = lines(before, after);
	const near = all.map(([kind], i) => kind !== ' ' || all.slice(Math.max(0, i - AROUND), i + AROUND + 1)
		.some(([k]) => k !== ' '));
	const shown = [];
	all.forEach(([kind, line], i) => {
		if (near[i])
			shown.push(h('div', { class: KINDS[kind] },
				h('span', { class: 'sign' }, kind === ' ' ? '\u00a0' : kind === '-' ? '−' : '+'), line
				|| '\u00a0'));
		else if (near[i - 1] || i === 0)
			shown.push(h('div', { class: 'rest' }, '⋯'));
	});
	return h('div', { class: 'diff code', role: 'group', 'aria-label': 'Changes', tabindex: 0 }, shown);
}

export function changedLines(before, after) {
	const all = lines(before, after);
	return { come: all.filter(([k]) => k === '+').length, gone: all.filter(([k]) => k === '-').length };
}
