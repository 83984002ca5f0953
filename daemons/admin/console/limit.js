// SPDX-License-Identifier: Apache-2.0
// A ceiling of requests per second for a model or an interface of one node: set, changed, taken away.

import { post, target } from './api.js';
import { ask } from './dialog.js';
import { h, field, facts } from './dom.js';
import { number } from './format.js';
import { toast } from './toast.js';

// nodes: where it shall hold; now: the limit at present, where it is known. Resolves to true when something was
// changed.
export async function limitDialog({ node, nodes = [node], source, what, now }) {
	const input = h('input', { type: 'number', min: 0, step: 'any', inputmode: 'decimal', value: now ?? '' });
	const remove = h('input', { type: 'checkbox', onchange: () => { input.disabled = remove.checked; } });
	const value = () => Number(input.value);

	async function run() {
		for (const one of nodes) {
			if (remove.checked)
				await post('service/deleteFlowRule', { ...target(one), source });
			else
				await post('service/updateFlowRule', { ...target(one), source, allowQps: value() });
			toast('ok', remove.checked
				? `${one}: ${what} has no limit any more.`
				: `${one}: ${what} is limited to ${number(value())} requests per second.`);
		}
		return true;
	}
	return await ask({
		title: 'Limit requests', action: 'Apply', run,
		ready: () => remove.checked || input.value !== '' && value() >= 0 && isFinite(value()),
		content: [facts([['Node', nodes.join(', ')], ['Of', what],
			['At present', now === undefined ? 'not shown by the node' : now === null ? 'no limit'
			: `${number(now)} /s`]]),
			field('Requests per second', input,
				'Each row of a batch counts. What is above is refused. '
				+ '0 refuses everything; fractions are allowed.'),
			h('label', { class: 'check' }, remove, ' No limit')],
	});
}
