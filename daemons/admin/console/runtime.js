// SPDX-License-Identifier: Apache-2.0
// The process of a node: memory, threads and, where a Java daemon reports them, its garbage collections.

import { get, target } from './api.js';
import { chart } from './chart.js';
import { h } from './dom.js';
import { bytes, milliseconds } from './format.js';
import { remember } from './history.js';
import { panel } from './panel.js';

const LOOK_MS = 5000, SHOWN_MS = 10 * 60 * 1000;
const SPACES = ['heap', 'old', 'eden', 'survivor', 'nonHeap'];

// What a counter grew by between two samples.
function growth(rows, key) {
	return rows.slice(1).map((r, i) => [r.timestamp, Math.max(0, r[key] - rows[i][key])]);
}

function charts() {
	const memory = chart({ title: 'Memory in use', format: bytes, series: [{ name: 'process', style: 0 }] });
	const spaces = chart({ title: 'Memory in use', format: bytes,
		series: SPACES.map((name, style) => ({ name, style })) });
	const threads = chart({ title: 'Threads', series: [{ name: 'threads', style: 1 }] });
	const collections = chart({ title: 'Garbage collections since the sample before',
		series: [{ name: 'young', style: 0 }, { name: 'full', style: 3 }] });
	const pauses = chart({ title: 'Time in garbage collection since the sample before', format: milliseconds,
		series: [{ name: 'young', style: 0 }, { name: 'full', style: 3 }] });
	const body = h('div', { class: 'pair' });

	return rows => {
		const to = Date.now(), from = Math.max(to - SHOWN_MS, Math.min(rows[0]?.timestamp ?? to, to - 60000));
		const used = name => rows.filter(r => r[name]).map(r => [r.timestamp, r[name].used]);
		const java = rows.some(r => r.old?.used || r.eden?.used || r.yongGcCount || r.fullGcCount);
		const shown = java ? [spaces, threads, collections, pauses] : [memory, threads];

		memory.update({ process: used('heap') }, from, to);
		spaces.update(Object.fromEntries(SPACES.map(name => [name, used(name)])), from, to);
		threads.update({ threads: rows.map(r => [r.timestamp, r.threadCount]) }, from, to);
		collections.update({ young: growth(rows, 'yongGcCount'), full: growth(rows, 'fullGcCount') }, from,
			to);
		pauses.update({ young: growth(rows, 'yongGcTime'), full: growth(rows, 'fullGcTime') }, from, to);
		if (body.children.length !== shown.length)
			body.replaceChildren(...shown.map(c => c.element));
		return body;
	};
}

export function nodeRuntime(life, node) {
	const draw = charts();
	return panel(life, {
		title: 'Process', ms: LOOK_MS,
		load: options => get('monitor/queryJvm', target(node), options),
		show: data => draw(remember(`${node} process`, data?.rows ?? [])),
	}).element;
}
