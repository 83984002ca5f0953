// SPDX-License-Identifier: Apache-2.0
// Signing in. It suggests no account, and says of a refusal what the daemon says.

import { h, fill, field, button } from './dom.js';
import { session } from './session.js';
import { failure } from './toast.js';

export function loginPage(life, done) {
	const name = h('input', { name: 'username', autocomplete: 'username', autocapitalize: 'none',
		spellcheck: 'false', required: true });
	const word = h('input', { name: 'password', type: 'password', autocomplete: 'current-password',
		required: true });
	const see = button('Show password', () => {
		const hidden = word.type === 'password';
		word.type = hidden ? 'text' : 'password';
		see.textContent = hidden ? 'Hide password' : 'Show password';
		see.setAttribute('aria-pressed', String(hidden));
	}, { class: 'plain small', 'aria-pressed': 'false' });
	const go = h('button', { type: 'submit', class: 'primary wide' }, 'Sign in');
	const trouble = h('div');

	async function submit(event) {
		event.preventDefault();
		go.disabled = true;
		fill(trouble);
		try {
			await session.login(name.value, word.value);
			done();
		} catch (e) {
			fill(trouble, failure(e));
			word.select();
		} finally {
			go.disabled = false;
		}
	}
	document.title = 'Sign in – FATE Serving';
	queueMicrotask(() => name.focus());
	return h('main', { class: 'alone' },
		h('div', { class: 'brand' }, h('img', { src: 'icon.svg', alt: '', width: 30, height: 30 }),
			h('h1', null, 'FATE Serving')),
		h('p', { id: 'login-note', class: 'quiet', role: 'status' }),
		h('form', { onsubmit: submit }, field('User name', name), field('Password', word), see, trouble, go));
}
