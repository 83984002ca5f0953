// SPDX-License-Identifier: Apache-2.0
// Calls to the daemon. The session is a cookie that scripts cannot read; the header below, which a page of another
// origin cannot send, shows that a request comes from here.

import { session } from './session.js';

const PATIENCE_MS = 30000;

// What the daemon said, or why nothing was heard. caseId leads to the line of its log.
export class ApiError extends Error {
	constructor(code, text, caseId) {
		super(text);
		this.code = code;
		this.caseId = caseId || '';
	}
}

function address(path, query) {
	const url = new URL(`api/${path}`, document.baseURI);
	for (const [name, value] of Object.entries(query ?? {}))
		if (value !== undefined && value !== null && value !== '')
			url.searchParams.set(name, value);
	url.hash = '';
	return url;
}

async function fetched(url, options) {
	const limit = new AbortController();
	const stop = () => limit.abort();
	const timer = setTimeout(() => limit.abort('late'), options.patience ?? PATIENCE_MS);
	options.signal?.addEventListener('abort', stop, { once: true });
	try {
		const answer = await fetch(url, { ...options, signal: limit.signal, cache: 'no-store',
			credentials: 'same-origin' });
		return [answer.status, await answer.text()];
	} catch (e) {
		if (options.signal?.aborted)
			throw new DOMException('the page was left', 'AbortError');
		if (limit.signal.aborted)
			throw new ApiError(-1,
				'The admin daemon did not answer in time. What was asked may still be done; '
				+ 'look before asking again.');
		throw new ApiError(-1,
			`The admin daemon cannot be reached at ${location.host}. It may be restarting; this page `
			+ 'keeps trying.');
	} finally {
		clearTimeout(timer);
		options.signal?.removeEventListener('abort', stop);
	}
}

function opened(status, text) {
	try {
		const envelope = JSON.parse(text);
		if (envelope && typeof envelope.retcode === 'number')
			return envelope;
	} catch (e) {
		// told below, with the status
	}
	throw new ApiError(status, `The answer (HTTP status ${status}) is none of the admin daemon's.`);
}

const NO_SESSION = 127;

async function call(method, path, { query, body, text, headers, signal, quiet, patience } = {}) {
	const options = { method, signal, patience, headers: { 'X-FSV-Console': '1', ...headers } };
	// What asks by itself must not keep a session alive: only a person does.
	if (quiet)
		options.headers['X-FSV-Poll'] = '1';
	if (method === 'POST') {
		options.headers['Content-Type'] = 'application/json';
		options.body = text ?? JSON.stringify(body);
	}
	const envelope = opened(...await fetched(address(path, query), options));
	if (envelope.retcode === NO_SESSION)
		session.ended();
	if (envelope.retcode !== 0)
		throw new ApiError(envelope.retcode, envelope.retmsg
			|| `refused with code ${envelope.retcode}, without a reason`,
			envelope.caseid);
	return envelope;
}

export async function get(path, query, options) {
	return (await call('GET', path, { query, ...options })).data;
}

export async function post(path, body, options) {
	return await call('POST', path, { body, ...options });
}

// Beside body, members whose values are texts of JSON and are sent as they were written: an object of the language
// would give numbers another spelling and members another order.
export async function postTexts(path, body, texts, options) {
	const members = Object.entries(texts).map(([name, text]) => `,${JSON.stringify(name)}:${text}`).join('');
	return await call('POST', path, { text: JSON.stringify(body).slice(0, -1) + members + '}', ...options });
}

// 'host:port' as the two parameters that the API takes. IPv6 addresses have colons of their own.
export function target(node) {
	const at = node.lastIndexOf(':');
	return { host: node.slice(0, at), port: Number(node.slice(at + 1)) };
}
