// SPDX-License-Identifier: Apache-2.0
// Adds an endpoint to the text of a route table without touching the rest of it.

import { ask } from './dialog.js';
import { field, h } from './dom.js';
import { format, parse } from './json-place.js';

const member = (node, name) => node?.members?.find(m => m.name === name)?.node;

// The text with one more entry at the end of the list or object.
function grown(text, node, entry) {
	const entries = node.items ?? node.members, last = entries.at(-1);
	const end = last ? (last.node ?? last).end : node.at + 1;
	return `${text.slice(0, end)}${last ? ',' : ''}${entry}${text.slice(end)}`;
}

function withEndpoint(text, { party, role, endpoint }) {
	const routes = member(parse(text), 'route_table'), ofParty = member(routes, party),
		list = member(ofParty, role);
	const one = JSON.stringify(endpoint), key = JSON.stringify;
	const longer = list ? grown(text, list, one)
		: ofParty ? grown(text, ofParty, `${key(role)}:[${one}]`)
			: grown(text, routes, `${key(party)}:{${key(role)}:[${one}]}`);
	return format(longer);
}

// Resolves to the new text, or undefined.
export function addPartyDialog(text) {
	const party = h('input', { required: true, spellcheck: 'false' }),
		role = h('input', { value: 'default', required: true, spellcheck: 'false' });
	const host = h('input', { required: true, spellcheck: 'false' }),
		port = h('input', { type: 'number', min: 1, max: 65535, value: 8869, required: true });
	const tls = h('input', { type: 'checkbox' });
	const files = ['caFile', 'certChainFile', 'privateKeyFile']
		.map(name => [name, h('input', { spellcheck: 'false' })]);
	const good = () => party.value.trim() && role.value.trim() && /^[^\s/\\"'<>@?#]+$/.test(host.value.trim())
		&& Number(port.value) >= 1 && Number(port.value) <= 65535
		&& (!tls.checked || files.every(([, input]) => input.value.trim()));
	const box = h('div', { hidden: true }, files.map(([name, input]) => field(name, input)));
	tls.addEventListener('change', () => { box.hidden = !tls.checked; });
	return ask({
		title: 'Add endpoint', action: 'Add to the text', ready: good,
		content: [field('Party id', party, '"default" is used for parties that are not named.'),
			field('Role', role, '"serving" leads to an own server, "default" to the proxy of a partner.'),
			field('Host name or address', host),
				field('Port', port,
				'Partners listen on their inter port, 8869 unless agreed otherwise.'),
			h('label', { class: 'check' }, tls, ' TLS'), box],
		run: () => {
			const secure = tls.checked ? { useSSL: true, negotiationType: 'TLS',
				...Object.fromEntries(files.map(([name, input]) => [name, input.value.trim()])) }
				: {};
			return withEndpoint(text, { party: party.value.trim(), role: role.value.trim(),
				endpoint: { ip: host.value.trim(), port: Number(port.value), ...secure } });
		},
	});
}
