// SPDX-License-Identifier: Apache-2.0
// Which features a model reads, out of the parameters of its components, for a trial call to begin with.

function find(value, wanted) {
	if (value === null || typeof value !== 'object')
		return undefined;
	for (const [name, inner] of Object.entries(value)) {
		const found = wanted(name, inner) ? inner : find(inner, wanted);
		if (found !== undefined)
			return found;
	}
	return undefined;
}

const plain = name => name.replaceAll('_', '').toLowerCase();
const filled = value => typeof value === 'object' && value !== null && Object.keys(value).length > 0;

// 38 out of "38"; what is no number stays as it is.
const asNumber = value => value !== '' && value !== null && isFinite(value) ? Number(value) : value;

// The first component that names its columns reads the request; what it puts in for missing values is a typical
// value.
export function featuresOf(components) {
	const names = find(components, (name, v) => plain(name) === 'header' && Array.isArray(v) && v.length > 0)
		?? Object.keys(find(components, (name, v) => plain(name) === 'weight' && filled(v)) ?? {});
	const usual = find(components, (name, v) => plain(name) === 'missingreplacevalue' && filled(v)) ?? {};
	return Object.fromEntries(names.map(name => [name, asNumber(usual[name] ?? 0)]));
}
