// SPDX-License-Identifier: Apache-2.0
// Numbers and times as people read them; local time, 24 hours.

const two = n => String(n).padStart(2, '0');

export function clock(ms) {
	const d = new Date(ms);
	return `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
}

export function time(ms) {
	const d = new Date(Number(ms));
	if (!Number(ms) || isNaN(d))
		return '–';
	return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${clock(d)}`;
}

export function span(ms) {
	const s = Math.max(0, Math.round(ms / 1000));
	if (s < 120)
		return `${s} s`;
	if (s < 7200)
		return `${Math.floor(s / 60)} min`;
	if (s < 172800)
		return `${Math.floor(s / 3600)} h`;
	return `${Math.floor(s / 86400)} days`;
}

export function ago(ms, now = Date.now()) {
	return Number(ms) ? `${span(now - ms)} ago` : '–';
}

// At most three digits that tell something, without needless zeros.
export function number(n) {
	if (n === undefined || n === null || isNaN(n))
		return '–';
	if (Math.abs(n) >= 100 || Number.isInteger(n))
		return Math.round(n).toLocaleString('en');
	return String(Number(n.toPrecision(3)));
}

export function bytes(n) {
	let i = 0;
	while (n >= 1024 && i < 4) {
		n /= 1024;
		i++;
	}
	return `${number(n)} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][i]}`;
}

export function milliseconds(ms) {
	return ms >= 10000 ? `${number(ms / 1000)} s` : `${number(ms)} ms`;
}

export function count(n, one, many = `${one}s`) {
	return `${number(n)} ${n === 1 ? one : many}`;
}

export function compare(a, b) {
	if (typeof a === 'number' && typeof b === 'number')
		return a - b;
	return String(a ?? '').localeCompare(String(b ?? ''), 'en', { numeric: true });
}
