// SPDX-License-Identifier: Apache-2.0
// What is done with a model on a node. Each question names the node, the model and the services that feel it.

import { post, target } from './api.js';
import { ask } from './dialog.js';
import { chip, facts, field, h } from './dom.js';
import { count } from './format.js';
import { toast } from './toast.js';

const COPY_PATIENCE_MS = 120000;

const named = (model, node, more = []) =>
	facts([['Node', node], ['Model', model.namespace], ['Version', model.tableName], ...more]);

// others: how many more nodes have it.
export function unloadDialog(model, on, others) {
	const bound = on.serviceIds ?? [];
	return ask({
		title: 'Unload model', action: `Unload from ${on.address}`, danger: true,
		content: [named(model, on.address, [['Services', bound.length ? bound.map(id => chip(id)) : 'none']]),
			h('p', null, bound.length
				? `${count(bound.length, 'service')} will not be answered by this node any more. `
				: '',
				others ? `${count(others, 'other node keeps', 'other nodes keep')} the model; `
					+ 'it can be copied from there again.'
				: 'No other node has it: it is gone then until FATE-Flow loads it again.')],
		run: async () => {
			await post('model/unload', { ...target(on.address), tableName: model.tableName,
				namespace: model.namespace });
			toast('ok', `${on.address} has unloaded model ${model.tableName}.`);
		},
	});
}

export function bindDialog(model, on) {
	const boxes = on.serviceIds.map(id =>
		h('input', { type: 'checkbox', value: id, checked: on.serviceIds.length === 1 }));
	const chosen = () => boxes.filter(b => b.checked).map(b => b.value);
	return ask({
		title: 'Unbind services', action: `Unbind on ${on.address}`, danger: true, ready: () =>
			chosen().length > 0,
		content: [named(model, on.address),
			h('fieldset', null, h('legend', null, 'Services that shall not lead to this model any more'),
			boxes.map(b => h('label', { class: 'check' }, b, ` ${b.value}`)))],
		run: async () => {
			await post('model/unbind', { ...target(on.address), tableName: model.tableName,
				namespace: model.namespace, serviceIds: chosen() });
			toast('ok',
				`${on.address} has unbound ${chosen().join(', ')} from model ${model.tableName}.`);
		},
	});
}

// sources: nodes that have it. there: the target has it too, and its copy is replaced.
export function copyDialog(model, sources, to, there) {
	const from = h('select', null, sources.map(s => h('option', { value: s }, s)));
	return ask({
		title: 'Copy model', action: `Copy to ${to}`, danger: there,
		content: [named(model, to), field('From', from),
			h('p', null, there ? `${to} has this model already. It will be replaced by the copy.`
				: `${to} fetches the model and loads it. `
					+ 'Services are bound as on the node it comes from.')],
		run: async () => {
			const source = target(from.value), goal = target(to);
			await post('model/transfer',
				{ ...source, targetHost: goal.host, targetPort: goal.port, tableName: model.tableName,
				namespace: model.namespace },
				{ patience: COPY_PATIENCE_MS });
			toast('ok', `${to} has model ${model.tableName} from ${from.value} now.`);
		},
	});
}
