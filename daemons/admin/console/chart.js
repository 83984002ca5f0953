// SPDX-License-Identifier: Apache-2.0
// A line chart over time. Every point stands at its own time, whatever series it belongs to; where nothing was
// measured the line is broken. A pointer or the arrow keys read single values; the legend shows and hides series.

import { h, svg, fill, button } from './dom.js';
import { clock, number } from './format.js';

const H = 170, LEFT = 52, RIGHT = 10, TOP = 8, BOTTOM = 22;

// A step of 1, 2 or 5 times a power of ten that cuts max into about four.
function step(max) {
	const rough = max / 4 || 0.25, power = 10 ** Math.floor(Math.log10(rough));
	return power * [1, 2, 5, 10].find(n => n * power >= rough * 0.999);
}

function nearest(points, t) {
	let best = null;
	for (const p of points)
		if (!best || Math.abs(p[0] - t) < Math.abs(best[0] - t))
			best = p;
	return best;
}

// series: [{name, style}], style 0…7 is a colour of the sheet. unit stands behind values; format makes their text.
export function chart({ title, unit = '', format = number, series }) {
	const off = new Set();
	const picture = svg('svg', { class: 'chart', height: H, tabindex: 0, role: 'img', 'aria-label': title });
	const legend = h('div', { class: 'legend' }),
		reading = h('span', { class: 'reading quiet', 'aria-live': 'polite' });
	const element = h('figure', { class: 'chart-box' }, h('figcaption', null, title, reading), picture, legend);
	const keys = series.map(s => button('', () => {
		if (!off.delete(s.name))
			off.add(s.name);
		draw();
	}, { class: 'series' }));
	let data = {}, from = 0, to = 1, cursor = null, width = 400;

	fill(legend, keys);

	const x = t => LEFT + (t - from) / (to - from) * (width - LEFT - RIGHT);
	const at = px => from + (px - LEFT) / (width - LEFT - RIGHT) * (to - from);

	function path(points, y, gap) {
		let d = '', last = -Infinity;
		for (const [t, v] of points) {
			d += `${t - last > gap ? 'M' : 'L'}${x(t).toFixed(1)} ${y(v).toFixed(1)}`;
			last = t;
		}
		return d;
	}

	function axes(top, y) {
		const s = step(top), marks = [];
		for (let v = 0; v <= top * 1.001; v += s)
			marks.push(svg('line', { class: 'grid', x1: LEFT, x2: width - RIGHT, y1: y(v), y2: y(v) }),
				svg('text', { x: LEFT - 6, y: y(v) + 4, 'text-anchor': 'end' },
					format(Number(v.toPrecision(6)))));
		for (let i = 0, n = width > 500 ? 4 : 2; i <= n; i++) {
			const t = from + (to - from) * i / n;
			marks.push(svg('text', { x: x(t), y: H - 4, 'text-anchor': i === 0 ? 'start' : i === n ? 'end'
				: 'middle' }, clock(t)));
		}
		return marks;
	}

	function read() {
		const values = series.filter(s => !off.has(s.name))
			.map(s => [s, cursor === null ? null : nearest(data[s.name] ?? [], cursor)]);
		const t = values.find(([, p]) => p)?.[1][0];
		fill(reading, cursor === null || !t ? '' : `${clock(t)}`);
		series.forEach((s, i) => {
			const points = data[s.name] ?? [], p = cursor === null ? points.at(-1)
				: nearest(points, cursor);
			fill(keys[i],
				h('i', { class: `s${s.style}` }), `${s.name} `,
				h('b', null, p ? `${format(p[1])}${unit && ` ${unit}`}` : '–'));
			keys[i].setAttribute('aria-pressed', String(!off.has(s.name)));
		});
		return t;
	}

	function draw() {
		const shown = series.filter(s => !off.has(s.name));
		const most = Math.max(0, ...shown.flatMap(s => (data[s.name] ?? []).map(p => p[1])));
		const s = step(most || 1), top = Math.ceil((most || 1) / s - 1e-9) * s;
		const y = v => TOP + (1 - v / top) * (H - TOP - BOTTOM);
		const gap = Math.max(8000, (to - from) / 25), t = read();
		picture.setAttribute('viewBox', `0 0 ${width} ${H}`);
		const empty = !shown.some(s => data[s.name]?.length);
		fill(picture, axes(top, y), shown.map(s =>
			svg('path', { class: `plot s${s.style}`, d: path(data[s.name] ?? [], y, gap) })),
			empty ? svg('text', { x: (LEFT + width) / 2, y: H / 2 - 6, 'text-anchor': 'middle',
				class: 'nothing' }, 'nothing measured in this time') : null,
			cursor !== null && t ? [svg('line',
				{ class: 'cursor', x1: x(t), x2: x(t), y1: TOP, y2: H - BOTTOM }),
				shown.map(s => nearest(data[s.name] ?? [], t)).map((p, i) =>
					p && svg('circle',
						{ class: `s${shown[i].style}`, cx: x(p[0]), cy: y(p[1]), r: 3 }))] : null);
	}

	function look(t) {
		cursor = t === null ? null : Math.min(to, Math.max(from, t));
		draw();
	}
	picture.addEventListener('pointermove', e => look(at((e.clientX - picture.getBoundingClientRect().left))));
	picture.addEventListener('pointerleave', () => look(null));
	picture.addEventListener('blur', () => look(null));
	picture.addEventListener('keydown', e => {
		const by = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
		if (!by)
			return;
		e.preventDefault();
		look((cursor ?? to) + by * (to - from) / 60);
	});
	new ResizeObserver(([entry]) => {
		const now = Math.round(entry.contentRect.width);
		if (now > 0 && now !== width) {
			width = now;
			draw();
		}
	}).observe(picture);

	return {
		element,
		// points: name of a series → [[ms, value], …] ascending by time.
		update(points, begin, end) {
			[data, from, to] = [points, begin, end];
			draw();
		},
	};
}
