// SPDX-License-Identifier: Apache-2.0
// What was done, and what went wrong without a place of its own. Good news leave by themselves, errors wait.

import { h, button } from './dom.js';

const STAY_MS = 7000;
const MOST = 4;

export const toasts = h('div', { class: 'toasts', role: 'status', 'aria-live': 'polite' });

export function toast(kind, text, caseId) {
	const item = h('div', { class: `toast ${kind}` }, h('span', { class: 'grow' }, text,
		caseId ? h('small', { class: 'case' }, ` case ${caseId}`) : null));
	const close = button('×', () => item.remove(), { class: 'plain', 'aria-label': 'Close this message' });
	item.append(close);
	while (toasts.children.length >= MOST)
		toasts.firstChild.remove();
	toasts.append(item);
	if (kind === 'ok')
		setTimeout(() => item.remove(), STAY_MS);
}

// An error with the daemon's sentence and the id under which its log tells more.
export function failure(e) {
	return h('div', { class: 'failure', role: 'alert' }, h('strong', null, e.message),
		e.caseId ? h('div', { class: 'case' }, 'Case id ', h('code', null, e.caseId)) : null,
		e.code > 0 ? h('div', { class: 'case' }, `Code ${e.code}`) : null);
}
