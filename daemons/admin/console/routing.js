// SPDX-License-Identifier: Apache-2.0
// Route tables of all proxies: compared, changed, checked and saved. A table is saved only where it is still what
// was read.

import { ApiError, get, post, postTexts } from './api.js';
import { codeEditor } from './code-editor.js';
import { ask, sure } from './dialog.js';
import { changedLines, diffView } from './diff.js';
import { badge, button, fill, h } from './dom.js';
import { count } from './format.js';
import { format, placeOf } from './json-place.js';
import { of, stateBadge } from './nodes.js';
import { panel } from './panel.js';
import { checkRoutes } from './route-schema.js';
import { addPartyDialog } from './route-add.js';
import { link } from './route.js';
import { session } from './session.js';
import { toast } from './toast.js';

const server = node => {
	const at = node.lastIndexOf(':');
	return { serverHost: node.slice(0, at), serverPort: Number(node.slice(at + 1)) };
};

async function tableOf(node, options) {
	const { data } = await post('router/query', server(node.address), options);
	if (data?.routerTable === undefined)
		throw new ApiError(-1, 'this proxy shows no route table');
	let text = data.routerTable;
	try {
		text = format(text);
	} catch (e) {
		// shown as it is: it is to be mended
	}
	return { text, raw: data.routerTable, hash: data.hash, changeable: data.changeAble === true };
}

// Every proxy with its table, or with what kept it from being read.
async function allTables(options) {
	const nodes = of(await get('cluster/overview', {}, options), 'proxy')
		.sort((a, b) => a.address.localeCompare(b.address, 'en', { numeric: true }));
	return await Promise.all(nodes.map(async node => {
		try {
			return { node, address: node.address, table: await tableOf(node, options) };
		} catch (e) {
			if (e.name === 'AbortError')
				throw e;
			return { node, address: node.address, error: e };
		}
	}));
}

function proxyList(proxies, chosen) {
	const base = proxies.find(p => p.address === chosen)?.table;
	const told = p => p.error ? badge('error', 'cannot be read', p.error.message)
		: p.address === chosen ? badge('idle', 'shown below')
			: !base ? null : p.table.raw === base.raw ? badge('ok', 'the same table')
				: badge('warn', 'another table');
	return h('ul', { class: 'proxies' }, proxies.map(p => h('li', null,
		h('a', { href: link(['home', 'routing', p.address]), 'aria-current': p.address === chosen ? 'true'
			: null }, p.address),
		stateBadge(p.node), told(p), p.error ? h('span', { class: 'quiet' }, p.error.message)
			: p.table.changeable || !session.operator ? null
				: h('span', { class: 'quiet' }, 'cannot be changed from here'))));
}

function findings(check, text, editor) {
	if (!check.findings.length)
		return badge('ok', 'The table is well-formed.');
	return h('ul', { class: 'findings' }, check.findings.map(f => {
		const { line, column } = placeOf(text, f.at);
		return h('li', null, button([badge(f.level === 'error' ? 'error' : 'warn', f.text),
			h('span', { class: 'quiet' }, ` line ${line}, column ${column}`)],
			() => editor.show(f.at), { class: 'plain' }));
	}));
}

function endpointTable(check) {
	return h('table', { class: 'small' }, h('caption', null, 'Where requests are led'),
		h('thead', null, h('tr', null, ['Party', 'Role', 'Endpoint', 'TLS']
			.map(t => h('th', { scope: 'col' }, t)))),
		h('tbody', null, check.endpoints.map(e =>
			h('tr', null, [e.party, e.role, e.address, e.tls ? 'yes' : 'no']
			.map(t => h('td', null, t))))));
}

// Where it shall be saved. Proxies with another table than the one that was changed are offered, but named as such.
async function saveDialog(proxies, chosen, base, text) {
	const able = proxies.filter(p => p.table?.changeable);
	const boxes = able.map(p => h('input',
		{ type: 'checkbox', value: p.address, checked: p.address === chosen }));
	const results = h('ul', { class: 'results' });
	const left = () => able.filter((p, i) => boxes[i].checked && !boxes[i].disabled);
	const saved = [];
	const ended = await ask({
		title: 'Save route table', action: 'Save', ready: () => left().length > 0,
		content: [h('fieldset', null, h('legend', null, 'Save on'),
			able.map((p, i) => h('label', { class: 'check' }, boxes[i], ` ${p.address} `,
			p.address === chosen ? null : p.table.raw === base.raw
				? h('span', { class: 'quiet' }, 'has the same table as was changed here')
				: h('span', { class: 'warn-text' }, '▲ has another table, which is replaced')))),
		h('h3', null, `Changes to the table of ${chosen}`), diffView(base.text, text), results],
		run: async () => {
			fill(results);
			let trouble = null;
			for (const p of left()) {
				try {
					await postTexts('router/save', { ...server(p.address), hash: p.table.hash },
						{ routerTableList: text });
					saved.push(p.address);
					boxes[able.indexOf(p)].disabled = true;
					results.append(h('li', null, badge('ok', `${p.address}: saved`)));
				} catch (e) {
					trouble = e;
					results.append(h('li', null, badge('error', `${p.address}: ${e.message}`)));
				}
			}
			if (trouble)
				throw trouble;
		},
	});
	if (saved.length)
		toast('ok', `The route table is saved on ${saved.join(', ')}.`);
	return ended ? saved : saved.length ? saved : null;
}

let before = null;	// what the last save replaced: {address, text}

function unchanged(base) {
	if (!session.operator)
		return 'You may look at the table, not change it.';
	return base.changeable ? 'Nothing is changed.' : 'This proxy does not let its table be changed from here.';
}

function workshop(life, proxies, chosen, reload) {
	const base = proxies.find(p => p.address === chosen).table, may = session.operator && base.changeable;
	const about = h('div', { class: 'about' }), changes = h('div'), check = { now: null };
	const editor = codeEditor({ label: `Route table of ${chosen}`, readonly: !may, changed: () => look() });
	const undo = button('Undo', () => editor.undo()), redo = button('Redo', () => editor.redo());
	const tidy = button('Indent', () => editor.change(format(editor.text)), { title: 'Indents the text anew' });
	const save = button('Save…', () => keep(), { class: 'primary' });
	const discard = button('Discard changes', async () => {
		if (await sure('Discard changes',
			h('p', null,
			`The text is again what was read from ${chosen}. Undo brings the changes back.`), 'Discard',
			true))
			editor.change(base.text);
	});
	const add = button('Add endpoint…', async () => {
		const text = await addPartyDialog(editor.text);
		if (text)
			editor.change(text);
	});
	const back = before?.address === chosen && before.text !== base.text
		? button('Take back the last save', () => editor.change(before.text),
			{ title: 'Puts the table from before it into the editor, to be saved again' }) : null;
	const dirty = () => editor.text !== base.text;

	function look() {
		check.now = checkRoutes(editor.text);
		const wrong = check.now.findings.some(f => f.level === 'error'),
			broken = check.now.endpoints.length === 0 && wrong;
		fill(about, findings(check.now, editor.text, editor), broken ? null : endpointTable(check.now));
		const { come, gone } = changedLines(base.text, editor.text);
		fill(changes, dirty() ? h('details', { open: true },
			h('summary', null,
			`Changes: ${count(come, 'line')} added, ${count(gone, 'line')} removed`),
			diffView(base.text, editor.text))
			: h('p', { class: 'quiet' }, unchanged(base)));
		undo.disabled = !editor.canUndo;
		redo.disabled = !editor.canRedo;
		discard.disabled = !dirty();
		tidy.disabled = add.disabled = wrong;
		save.disabled = !dirty() || wrong;
	}
	async function keep() {
		const text = editor.text, saved = await saveDialog(proxies, chosen, base, text);
		if (!saved)
			return;
		if (saved.includes(chosen)) {
			before = { address: chosen, text: base.text };
			life.unsaved = null;
		}
		reload();
	}
	life.unsaved = () => dirty() ? `The changes to the route table of ${chosen} are not saved. Leave them?` : '';
	editor.begin(base.text);
	return h('section', { class: 'panel', id: 'editor' },
		h('header', null, h('h2', null, `Route table of ${chosen}`), h('span', { class: 'grow' }),
		may ? [add, undo, redo, tidy, discard, back, save] : null),
	h('div', { class: 'panel-body workshop' }, editor.element, about, changes));
}

export function routingPage(life, [address]) {
	const work = h('div');
	let drawn = false;
	const shown = panel(life, {
		title: 'Proxies', id: 'proxies', load: allTables,
		show: proxies => {
			const chosen = address ??= proxies.find(p => p.table)?.address,
				mine = proxies.find(p => p.address === chosen);
			// Reading the list again leaves alone what is being edited.
			if (!drawn || !life.unsaved?.()) {
				drawn = true;
				fill(work, mine?.table ? workshop(life, proxies, chosen, () => shown.read())
					: chosen && h('div', { class: 'failure' }, mine
						? `${chosen}: ${mine.error.message}`
						: `There is no proxy ${chosen} in the cluster now.`));
			}
			return proxies.length ? proxyList(proxies, chosen)
				: h('p', { class: 'quiet' }, 'No proxy is registered.');
		},
	});
	return [h('h1', null, 'Routing'), shown.element, work];
}
