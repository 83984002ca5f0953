// SPDX-License-Identifier: Apache-2.0
// The cluster as a picture. Columns from left to right: partners outside, proxies, servers, admins. A line is there
// only when the registry or a route table leads that way, and a node has the colour of its measured state.

import { h, svg } from './dom.js';
import { milliseconds, number } from './format.js';
import { kindOf, of } from './nodes.js';
import { nodeLink } from './route.js';

const BOX = { w: 190, h: 50, gapX: 90, gapY: 16 };
const TOP = 30;

function columns(overview) {
	const known = new Set(overview.nodes.map(n => n.address));
	const partners = new Map();
	for (const l of overview.links)
		if (!known.has(l.to))
			partners.set(l.to, { address: l.to, component: 'partner', state: 'unknown', party: l.party,
				secure: l.secure });
	return [['Partners outside', [...partners.values()]], ['Proxies', of(overview, 'proxy')],
		['Servers', of(overview, 'serving')], ['Admin', of(overview, 'admin')]]
			.filter(([, nodes]) => nodes.length);
}

function place(cols) {
	const rows = Math.max(1, ...cols.map(([, nodes]) => nodes.length));
	const height = rows * (BOX.h + BOX.gapY);
	const at = new Map();
	cols.forEach(([, nodes], x) => [...nodes]
		.sort((a, b) => a.address.localeCompare(b.address, 'en', { numeric: true })).forEach((node, i) => {
		const free = height - nodes.length * (BOX.h + BOX.gapY);
		at.set(node.address, { node, x: x * (BOX.w + BOX.gapX), y: TOP + free / 2 + i * (BOX.h + BOX.gapY),
			col: x });
	}));
	return { at, width: cols.length * (BOX.w + BOX.gapX) - BOX.gapX, height: TOP + height };
}

function about(node) {
	if (node.component === 'partner')
		return `${node.party ? `party ${node.party}` : 'partner'}${node.secure ? ', TLS' : ', not encrypted'}`;
	if (node.state === 'unreachable')
		return 'unreachable';
	const load = node.qps === null || node.qps === undefined ? '' : `${number(node.qps)} /s`;
	return [load, node.latencyMs ? milliseconds(node.latencyMs) : ''].filter(Boolean).join(' · ')
		|| node.component;
}

function box({ node, x, y }) {
	const open = node.component === 'serving' || node.component === 'proxy';
	const name = node.address.length > 24 ? `…${node.address.slice(-22)}` : node.address;
	const drawing = [svg('rect', { width: BOX.w, height: BOX.h, rx: 7 }),
		svg('rect', { class: 'edge', width: 5, height: BOX.h, rx: 2 }),
		svg('text', { x: 16, y: 21, class: 'name' }, name),
			svg('text', { x: 16, y: 39, class: 'about' }, about(node)),
		svg('title', null, `${node.address}: ${node.reason || node.state}`)];
	const props = { class: `node ${kindOf(node.state)} ${node.component}`, transform: `translate(${x} ${y})` };
	return open ? svg('a', { ...props, href: nodeLink(node.component, node.address) }, drawing)
		: svg('g', props, drawing);
}

// Between columns from side to side; within one, around its right side.
function line(link, at) {
	const from = at.get(link.from), to = at.get(link.to);
	if (!from || !to || from === to)
		return null;
	const right = to.col > from.col, same = to.col === from.col;
	const x1 = from.x + (right || same ? BOX.w : 0), x2 = to.x + (right ? 0 : same ? BOX.w : BOX.w);
	const back = link.kind === 'registry' && !right ? 8 : -4;	// both ways are seen
	const y1 = from.y + BOX.h / 2 + back, y2 = to.y + BOX.h / 2 + back;
	const bend = same ? 45 : (x2 - x1) / 2;
	return svg('path', { class: `link ${link.kind}${link.secure ? ' secure' : ''}`,
		d: `M${x1} ${y1} C${x1 + bend} ${y1} ${same ? x2 + bend : x2 - bend} ${y2} ${x2} ${y2}` },
		svg('title', null, `${link.from} → ${link.to}: ${link.kind === 'route' ? 'route table' : 'registry'}`
			+ `${link.party ? `, party ${link.party}` : ''}${link.role ? `, role ${link.role}` : ''}`));
}

// A function that gives the picture of an overview; the same element as long as nothing that is drawn has changed.
export function topology() {
	const holder = h('div', { class: 'scroll topology' });
	let said = '';

	return overview => {
		const now = JSON.stringify([overview.nodes.map(n =>
			[n.address, n.component, n.state, n.reason, about(n)]), overview.links]);
		if (now === said)
			return holder;
		said = now;
		const cols = columns(overview), { at, width, height } = place(cols);
		const focus = holder.contains(document.activeElement) ? document.activeElement.getAttribute('href')
			: null;
		holder.replaceChildren(svg('svg',
			{ viewBox: `-4 0 ${width + 8} ${height}`, width: width + 8, height, role: 'group',
			'aria-label': 'Nodes and the ways between them' },
		cols.map(([title], x) => svg('text', { x: x * (BOX.w + BOX.gapX), y: 16, class: 'column' }, title)),
		overview.links.map(l => line(l, at)), [...at.values()].map(box)));
		if (focus)
			holder.querySelector(`a[href="${CSS.escape(focus)}"]`)?.focus();
		return holder;
	};
}
