// SPDX-License-Identifier: Apache-2.0
// What is known about nodes: names of components, states, and one sentence about all of them.

import { h, badge } from './dom.js';
import { count } from './format.js';
import { nodeLink } from './route.js';

export const COMPONENTS = { serving: 'Serving server', proxy: 'Serving proxy', admin: 'Admin' };
const KINDS = { ok: 'ok', warn: 'warn', error: 'error', unreachable: 'error', unknown: 'idle' };
const WORDS = { ok: 'healthy', warn: 'warning', error: 'error', unreachable: 'unreachable',
	unknown: 'not known' };

export const kindOf = state => KINDS[state] ?? 'idle';

export function stateBadge(node) {
	return badge(kindOf(node.state), WORDS[node.state] ?? node.state, node.reason);
}

export function nodeName(node) {
	const known = node.component === 'serving' || node.component === 'proxy';
	return known ? h('a', { href: nodeLink(node.component, node.address), 'data-focus': 'open' }, node.address)
		: node.address;
}

export const of = (overview, component) => overview.nodes.filter(n => n.component === component);

export function overall(overview) {
	const nodes = overview.nodes.filter(n => n.component === 'serving' || n.component === 'proxy');
	const in_state = (...states) => nodes.filter(n => states.includes(n.state)).length;
	const gone = in_state('unreachable'), wrong = in_state('error'), warned = in_state('warn'),
		unknown = in_state('unknown');
	if (gone || wrong)
		return { kind: 'error', text: [gone
			? `${gone} unreachable` : '', wrong ? count(wrong, 'node') + ' with errors' : '']
			.filter(Boolean).join(', ') };
	if (overview.registry === 'not connected')
		return { kind: 'warn', text: 'registry not connected' };
	if (warned)
		return { kind: 'warn', text: count(warned, 'warning') };
	if (unknown)
		return { kind: 'idle', text: 'checking' };
	return nodes.length ? { kind: 'ok', text: 'healthy' } : { kind: 'idle', text: 'no nodes' };
}
