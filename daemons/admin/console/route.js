// SPDX-License-Identifier: Apache-2.0
// Where the person is, as the address says: #/home/cluster/serving/10.0.0.2:8000/traffic?window=5
// Everything that is looked at has an address of its own, so that it can be kept, sent and reloaded.

export const HOME = '/home/cluster';

export function here() {
	const text = location.hash.replace(/^#/, '') || HOME;
	const at = text.indexOf('?');
	const path = at < 0 ? text : text.slice(0, at);
	return {
		path,
		parts: path.split('/').filter(Boolean).map(part => {
			try {
				return decodeURIComponent(part);
			} catch (e) {
				return part;
			}
		}),
		query: Object.fromEntries(new URLSearchParams(at < 0 ? '' : text.slice(at + 1))),
	};
}

// link(['home', 'cluster', node], {q: 'x'}); what is empty is left out of the query.
export function link(parts, query) {
	const search = new URLSearchParams(Object.entries(query ?? {})
		.filter(([, v]) => v !== undefined && v !== ''));
	const path = parts.map(encodeURIComponent).join('/').replaceAll('%3A', ':');
	return `#/${path}${search.size ? `?${search}` : ''}`;
}

export function go(parts, query) {
	location.hash = link(parts, query);
}

// Notes a detail of what is shown (search, page, order) in the address, without going anywhere.
export function note(changes) {
	const { parts, query } = here();
	history.replaceState(history.state, '', link(parts, { ...query, ...changes }));
}

export const nodeLink = (component, node, tab) => link(['home', 'cluster', component, node, ...tab ? [tab] : []]);
export const modelLink = (tableName, namespace, query) => link(['home', 'models', tableName, namespace], query);
