// SPDX-License-Identifier: Apache-2.0
// One question at a time, in the browser's own modal dialog: it keeps the focus inside and gives it back.

import { h, fill, button } from './dom.js';
import { failure } from './toast.js';

function shell(title, content, buttons) {
	const box = h('dialog', { 'aria-label': title },
		h('form', { method: 'dialog' }, h('h2', null, title), content,
		h('div', { class: 'buttons' }, buttons)));
	box.addEventListener('close', () => box.remove());
	document.body.append(box);
	return box;
}

// Asks, does, and says what came of it. run is called when the person agrees; the dialog stays open while it works
// and when it fails, with the reason. Resolves to what run returned, or undefined when the person did not want to.
// ready: tells whether the action can be chosen now; it is asked again after each input.
export function ask({ title, content, action, danger, run, ready = () => true }) {
	return new Promise(resolve => {
		const trouble = h('div');
		const go = h('button', { type: 'submit', class: danger ? 'danger' : 'primary' }, action);
		const cancel = button('Cancel', () => box.close());
		const box = shell(title, h('div', { class: 'content' }, content, trouble), [cancel, go]);
		const form = box.firstChild;
		let result;

		form.addEventListener('submit', async event => {
			event.preventDefault();
			if (!ready() || go.disabled)
				return;
			fill(trouble);
			go.disabled = true;
			go.setAttribute('aria-busy', 'true');
			try {
				result = await run() ?? true;
				box.close();
			} catch (e) {
				fill(trouble, failure(e));
			}
			go.removeAttribute('aria-busy');
			go.disabled = !ready();
		});
		form.addEventListener('input', () => { go.disabled = !ready(); });
		box.addEventListener('cancel', event => {	// Escape: not while something is being done
			if (go.getAttribute('aria-busy'))
				event.preventDefault();
		});
		box.addEventListener('close', () => resolve(result));
		go.disabled = !ready();
		box.showModal();
		(box.querySelector('input, select, textarea') ?? cancel).focus();
	});
}

export function sure(title, content, action, danger) {
	return ask({ title, content, action, danger, run: () => true });
}
