// SPDX-License-Identifier: Apache-2.0
// Measured seconds, gathered while the console is open. A daemon keeps a few minutes; what was seen of a node once
// stays here for half an hour, each node's for itself.

const KEEP_MS = 30 * 60 * 1000;
const MOST_SERIES = 200;

const kept = new Map();		// name → Map(timestamp → record)

// Adds records to what is known under that name and gives all of it, ascending by time.
export function remember(name, records) {
	const known = kept.get(name) ?? new Map();
	kept.delete(name);	// the latest used are last
	kept.set(name, known);
	for (const r of records)
		known.set(r.timestamp, r);
	const oldest = Date.now() - KEEP_MS;
	for (const t of known.keys())
		if (t < oldest)
			known.delete(t);
	if (kept.size > MOST_SERIES)
		kept.delete(kept.keys().next().value);
	return [...known.values()].sort((a, b) => a.timestamp - b.timestamp);
}

// Averages over buckets of so many seconds. pick(record) → number, or null where the record tells nothing;
// weight(record): how much of it. full: seconds without a record count as 0, as they do for rates.
export function averages(records, { from, to, seconds, pick, weight = () => 1, full }) {
	const ms = seconds * 1000, sums = new Map();
	for (const r of records) {
		const v = pick(r), w = weight(r);
		if (v === null || v === undefined || !w || r.timestamp < from || r.timestamp > to)
			continue;
		const bucket = Math.floor(r.timestamp / ms) * ms, sum = sums.get(bucket) ?? [0, 0];
		sums.set(bucket, [sum[0] + v * w, sum[1] + w]);
	}
	if (!full)
		return [...sums].sort((a, b) => a[0] - b[0]).map(([t, [v, w]]) => [t + ms / 2, v / w]);
	const points = [];
	for (let t = Math.ceil(from / ms) * ms; t + ms <= to; t += ms)
		points.push([t + ms / 2, (sums.get(t)?.[0] ?? 0) / seconds]);
	return points;
}
