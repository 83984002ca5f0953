// SPDX-License-Identifier: Apache-2.0
// A trial call: a real request to one node, with features that the model reads. What was asked stays here while the
// console is open, and nowhere else: it may be about people.

import { ApiError, get, postTexts, target } from './api.js';
import { badge, button, facts, field, fill, h } from './dom.js';
import { clock, milliseconds } from './format.js';
import { featuresOf } from './features.js';
import { fault, placeOf } from './json-place.js';
import { pipelineOf } from './model.js';
import { here, link, note } from './route.js';
import { addressOf, allServices } from './services.js';
import { session } from './session.js';
import { failure } from './toast.js';

const PATIENCE_MS = 60000, MOST_KEPT = 50;
const SAMPLE_REMOTE = { id: '', device_id: '' };

const past = [];	// newest first: {service, call, node, caseId, texts, answer, ms, when}

const pretty = value => JSON.stringify(value, null, 2);

// A text of JSON with what is wrong about it under it.
function editor(label, rows, hint) {
	const area = h('textarea', { rows, spellcheck: 'false', autocomplete: 'off', class: 'code', oninput: () =>
		check() });
	const trouble = h('div', { class: 'field-error', role: 'status' }),
		element = h('div', null, field(label, area, hint), trouble);
	function check() {
		const wrong = fault(area.value), place = wrong && placeOf(area.value, wrong.at);
		fill(trouble, wrong ? `Line ${place.line}, column ${place.column}: ${wrong.text}` : '');
		area.setAttribute('aria-invalid', String(Boolean(wrong)));
		return !wrong;
	}
	return {
		element, area, check,
		get value() { return area.value; },
		set value(v) {
			area.value = typeof v === 'string' ? v : pretty(v);
			check();
		},
	};
}

// What the form of a call asks for, and how it becomes a request.
const FORMS = {
	inference: () => {
		const own = editor('Features of the guest (featureData)', 10),
			remote = editor('Sent to hosts (sendToRemoteFeatureData)', 4,
			'What hosts find a person by, for instance id or device_id.');
		return { parts: [own, remote], sample: features => [features, SAMPLE_REMOTE],
			texts: () => ({ featureData: own.value, sendToRemoteFeatureData: remote.value }) };
	},
	batchInference: () => {
		const list = editor('Rows (batchDataList)', 16,
			'Each with featureData and sendToRemoteFeatureData; they are numbered by their place.');
		return {
			parts: [list], texts: () => ({ batchDataList: list.value }),
			sample: features => [[0, 1].map(() => ({ featureData: features,
				sendToRemoteFeatureData: SAMPLE_REMOTE }))],
		};
	},
};

async function sampleFeatures(service, node, options) {
	const { rows } = await get('cluster/models', { serviceId: service }, options);
	const row = rows.find(r => r.nodes.some(n => n.address === node && n.serviceIds?.includes(service)));
	return row ? featuresOf(await pipelineOf(node, row, options)) : {};
}

function outcome({ answer, ms, caseId, node, error }) {
	if (error)
		return failure(error);
	const good = answer.retcode === 0 || answer.retcode === '0';
	return [facts([['Result', badge(good ? 'ok' : 'error', good ? 'success'
		: `code ${answer.retcode}`)], answer.retmsg && ['Message', answer.retmsg],
		['Time', milliseconds(ms)], ['Node', node],
			['Case id', h('code', null, answer.caseid || answer.caseId || caseId || '–')],
		answer.data?.score !== undefined && ['Score', h('strong', null, answer.data.score)]]),
	h('pre', { class: 'code', tabindex: 0, 'aria-label': 'Answer' }, pretty(answer))];
}

export function trialPage(life, [service, call]) {
	const heading = [h('nav', { class: 'crumbs', 'aria-label': 'Where' },
		h('a', { href: link(['home', 'service']) }, 'Services'), ' / '),
		h('h1', null, 'Try ', h('span', { class: 'address' }, service))];
	if (!session.operator)
		return [heading, h('p', null, 'Trial calls are real requests; only operators may make them.')];
	if (!FORMS[call])
		return [heading, h('p', null, `There is no trial call named ${call}.`)];

	const form = FORMS[call](), nodes = h('select',
		{ onchange: () => { note({ node: nodes.value }); prefill(); } });
	const caseId = h('input', { spellcheck: 'false', placeholder: 'made by the daemon when empty',
		maxlength: 64 });
	const go = h('button', { type: 'submit', class: 'primary' }, 'Send'),
		filling = h('span', { class: 'quiet', role: 'status' });
	const result = h('div', { class: 'result', 'aria-live': 'polite' },
		h('p', { class: 'quiet' }, 'Nothing has been sent yet.'));
	const history = h('ol', { class: 'past' });

	async function prefill() {
		fill(filling, 'reading the features of the model…');
		try {
			const features = await sampleFeatures(service, nodes.value, { signal: life.signal });
			const values = form.sample(features);
			form.parts.forEach((part, i) => { part.value = values[i]; });
			fill(filling, Object.keys(features).length
				? 'Filled with the features that the model on this node reads.'
				: 'The features of the model are not shown by this node.');
		} catch (e) {
			if (e.name === 'AbortError')
				return;
			form.parts.forEach((part, i) => { part.area.value || (part.value = form.sample({})[i]); });
			fill(filling, `The features of the model cannot be read: ${e.message}`);
		}
	}

	function remember(entry) {
		past.unshift(entry);
		past.length = Math.min(past.length, MOST_KEPT);
		list();
	}
	function list() {
		const mine = past.filter(p => p.service === service && p.call === call);
		fill(history, mine.map(p => h('li', null,
			button([`${clock(p.when)}  ${p.node}  `, p.error ? 'no answer' : `code ${p.answer.retcode}`,
				`  ${milliseconds(p.ms)}`], () => {
			form.parts.forEach((part, i) => { part.value = p.texts[i]; });
			caseId.value = p.caseId;
			fill(result, outcome(p));
		}, { class: 'plain' }))));
		if (!mine.length)
			fill(history, h('li', { class: 'quiet' },
				'No calls yet. They are kept while this page of the browser is open, '
				+ 'and nowhere else.'));
	}

	async function send(event) {
		event.preventDefault();
		const bad = form.parts.find(part => !part.check());
		if (bad) {
			bad.area.focus();
			return;
		}
		const entry = { service, call, node: nodes.value, caseId: caseId.value.trim(),
			texts: form.parts.map(p => p.area.value), when: Date.now() };
		const began = performance.now();
		go.disabled = true;
		fill(result, h('p', { class: 'quiet' }, `Waiting for ${entry.node}…`));
		try {
			const answer = await postTexts(`validate/${call}`, { ...target(entry.node), serviceId: service },
				form.texts(), { headers: entry.caseId ? { caseId: entry.caseId } : {}, signal: life.signal,
					patience: PATIENCE_MS });
			entry.answer = answer.data ?? {};
		} catch (e) {
			if (!(e instanceof ApiError))
				return;
			entry.error = e;
		} finally {
			go.disabled = false;
		}
		entry.ms = performance.now() - began;
		fill(result, outcome(entry));
		remember(entry);
	}

	async function providers() {
		try {
			const rows = (await allServices({ signal: life.signal }))
				.filter(r => r.environment === service && r.callName === call);
			const wanted = here().query.node, known = [...new Set(rows.map(addressOf))].sort();
			if (wanted && !known.includes(wanted))
				fill(result, h('div', { class: 'failure' },
					`${wanted} does not offer ${service} any more; choose another node.`));
			fill(nodes, known.map(n => h('option', { value: n, selected: n === wanted }, n)));
			if (!known.length) {
				go.disabled = true;
				fill(filling, 'No node offers this service now.');
				return;
			}
			await prefill();
		} catch (e) {
			if (e.name !== 'AbortError')
				fill(result, failure(e));
		}
	}
	list();
	providers();
	const others = Object.keys(FORMS)
		.map(name => h('a', { href: link(['home', 'service', service, name], { node: here().query.node }),
		'aria-current': name === call ? 'page' : null }, name === 'inference' ? 'One person' : 'Several'));
	return [heading, h('nav', { class: 'tabs', 'aria-label': 'Kind of call' }, others),
		h('div', { class: 'two' },
			h('section', { class: 'panel' },
				h('header', null, h('h2', null, 'Request'), h('span', { class: 'grow' }),
				button('Fill anew', prefill, { class: 'small' })),
				h('form', { class: 'panel-body', onsubmit: send }, field('Node', nodes),
					field('Case id', caseId,
					'Found again in the logs of all daemons that the request passes.'),
					filling, form.parts.map(p => p.element), h('div', { class: 'buttons' }, go))),
			h('div', null, h('section', { class: 'panel' }, h('header', null, h('h2', null, 'Answer')),
				h('div', { class: 'panel-body' }, result)),
				h('section', { class: 'panel' }, h('header', null, h('h2', null, 'Earlier calls')),
					h('div', { class: 'panel-body' }, history))))];
}
