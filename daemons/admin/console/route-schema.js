// SPDX-License-Identifier: Apache-2.0
// What a proxy accepts as its route table, told before it is sent, with the place of each mistake. A warning is what
// the proxy accepts although it is hardly meant so.

import { Misplaced, parse } from './json-place.js';

const ENDPOINT = ['ip', 'port', 'hostname', 'url', 'useSSL', 'negotiationType', 'certChainFile', 'privateKeyFile',
	'caFile'];
const TLS_FILES = ['caFile', 'certChainFile', 'privateKeyFile'];
const LONGEST_NAME = 200;
const KINDS = { object: 'an object', array: 'a list' };

// Findings of one table, and its endpoints as lines for people.
class Check {
	constructor(text) {
		this.findings = [];
		this.endpoints = [];
		try {
			this.file(parse(text));
		} catch (e) {
			if (!(e instanceof Misplaced))
				throw e;
			this.error(e.at, e.message);
		}
		this.findings.sort((a, b) => a.at - b.at);
	}
	error(at, text) {
		this.findings.push({ level: 'error', at, text });
	}
	warning(at, text) {
		this.findings.push({ level: 'warning', at, text });
	}
	is(node, type, what) {
		if (node.type !== type)
			this.error(node.at, `${what} must be ${KINDS[type] ?? type}`);
		return node.type === type;
	}
	// Members by name; those that nobody knows are told of, equal names too.
	members(node, what, known) {
		const found = {};
		for (const m of node.members) {
			if (m.name in found)
				this.warning(m.at, `${what}: "${m.name}" is given twice; the last one counts`);
			if (known && !known.includes(m.name))
				this.warning(m.at,
					`${what}: "${m.name}" has no meaning here and is ignored; `
					+ `known are ${known.join(', ')}`);
			found[m.name] = m.node;
		}
		return found;
	}
	file(root) {
		if (!this.is(root, 'object', 'The table'))
			return;
		for (const part of ['route_table', 'permission'])
			if (root.members.filter(m => m.name === part).length > 1)
				this.error(root.at, `"${part}" is given twice`);
		const { route_table: routes, permission } = this.members(root, 'The table',
			['route_table', 'permission']);
		if (!routes)
			this.error(root.at, '"route_table" is missing');
		else if (this.is(routes, 'object', '"route_table"'))
			this.parties(routes);
		if (!permission)
			this.error(root.at,
				'"permission" is missing; without it nothing would be allowed. '
				+ '{"default_allow": true} allows all that is not denied');
		else if (this.is(permission, 'object', '"permission"'))
			this.permission(permission);
	}
	named(m, what) {
		if (!m.name || m.name.length > LONGEST_NAME)
			this.error(m.at, `${what} must have 1 to ${LONGEST_NAME} characters`);
	}
	parties(routes) {
		this.members(routes, '"route_table"');
		for (const party of routes.members) {
			this.named(party, 'A party id');
			if (!this.is(party.node, 'object', `Party ${party.name}`))
				continue;
			this.members(party.node, `Party ${party.name}`);
			for (const role of party.node.members)
				if (role.name !== 'createTime' && role.name !== 'updateTime')
					this.role(party.name, role);
		}
		if (!routes.members.length)
			this.warning(routes.at, 'No party is named: no request can be led anywhere');
	}
	role(party, role) {
		const what = `Party ${party}, role ${role.name}`;
		this.named(role, `Party ${party}: a role`);
		if (!this.is(role.node, 'array', what))
			return;
		if (!role.node.items.length)
			this.warning(role.node.at, `${what} has no endpoint`);
		role.node.items.forEach((item, i) =>
			this.endpoint(item, party, role.name, `${what}, endpoint ${i + 1}`));
	}
	endpoint(node, party, role, what) {
		if (!this.is(node, 'object', what))
			return;
		const m = this.members(node, what, ENDPOINT), text = name => m[name]?.type === 'string'
			? m[name].value.trim() : '';
		for (const name of ENDPOINT)
			if (m[name] && name !== 'port' && name !== 'useSSL' && m[name].type !== 'string')
				this.error(m[name].at, `${what}: ${name} must be a text`);
		const host = text('ip') || text('hostname'), url = text('url'), port = Number(m.port?.value ?? 0);
		if (m.port && !(Number.isInteger(port) && port >= 0 && port <= 65535 && m.port.value !== ''))
			this.error(m.port.at, `${what}: port must be a number between 1 and 65535`);
		else if (host && !port && !url)
			this.error(m.port?.at ?? node.at, `${what}: port must be given, between 1 and 65535`);
		if (!host && !url)
			this.error(node.at, `${what}: none of ip, hostname and url is given`);
		if (/[\s/\\"'<>@?#]|[^\x20-\x7e]/.test(host))
			this.error((text('ip') ? m.ip : m.hostname).at,
				`${what}: "${host}" is no host name or address`);
		if (url && !/^https?:\/\//.test(url))
			this.error(m.url.at, `${what}: url must begin with http:// or https://`);
		const tls = String(m.useSSL?.value).toLowerCase();
		if (m.useSSL && tls !== 'true' && tls !== 'false')
			this.error(m.useSSL.at, `${what}: useSSL must be true or false`);
		if (tls === 'true' && !url)
			this.tls(m, text, what);
		this.endpoints.push({ party, role, at: node.at, address: host
			? `${host}:${port || '?'}` : url, tls: tls === 'true' || url.startsWith('https:') });
	}
	tls(m, text, what) {
		if (text('negotiationType') !== 'TLS')
			this.warning(m.useSSL.at,
				`${what}: useSSL is true, but negotiationType is not "TLS": it cannot be used`);
		else if (TLS_FILES.some(name => !text(name)))
			this.warning(m.useSSL.at,
				`${what}: useSSL is true, but ${TLS_FILES.join(', ')} are not all given: `
				+ 'it cannot be used');
	}
	permission(node) {
		const m = this.members(node, '"permission"', ['default_allow', 'allow', 'deny']);
		if (m.default_allow && !['true', 'false'].includes(String(m.default_allow.value).toLowerCase()))
			this.error(m.default_allow.at, '"default_allow" must be true or false');
		if (!m.default_allow && !m.allow)
			this.warning(node.at, 'Neither "default_allow" nor "allow": every request is refused');
		for (const list of ['allow', 'deny'])
			if (m[list] && this.is(m[list], 'array', `"${list}"`))
				m[list].items.forEach((rule, i) => this.rule(rule, `"${list}", rule ${i + 1}`));
	}
	rule(node, what) {
		if (!this.is(node, 'object', what))
			return;
		const m = this.members(node, what, ['from', 'to']);
		for (const side of ['from', 'to']) {
			if (!m[side])
				this.error(node.at, `${what}: "${side}" is missing`);
			else if (this.is(m[side], 'object', `${what}: "${side}"`))
				this.members(m[side], `${what}: "${side}"`, ['coordinator', 'role']);
		}
	}
}

// {findings: [{level, at, text}], endpoints: [{party, role, address, tls, at}]}
export function checkRoutes(text) {
	return new Check(text);
}
