// SPDX-License-Identifier: Apache-2.0
// Who is signed in, as what, and for how long still. The daemon ends a session that nobody uses; what the page asks
// by itself does not count as use, a key or a click does. Shortly before the end the page says so.

import { get, post } from './api.js';
import { h, fill, button } from './dom.js';
import { toast } from './toast.js';

const LOOK_MS = 10000;
const PROLONG_MS = 60000;
const WARN_SECONDS = 90;

let who = null;			// the answer of GET session
let heard = 0;			// when it came
let prolonged = 0;
let listener = () => {};
let timer = 0;

const banner = h('div', { class: 'banner', role: 'alert', hidden: true });

function left(name) {
	return who[name] === undefined || who[name] === null ? Infinity : who[name] - (Date.now() - heard) / 1000;
}

function warn() {
	const idle = left('idleSecondsLeft'), last = left('absoluteSecondsLeft');
	const seconds = Math.max(0, Math.round(Math.min(idle, last)));
	banner.hidden = seconds > WARN_SECONDS;
	if (banner.hidden)
		return;
	if (idle <= last)
		fill(banner,
			h('span', null,
			`You will be signed out in ${seconds} s, because nothing was done here for a while.`),
			button('Stay signed in', () => prolong(true), { class: 'primary' }));
	else
		fill(banner, h('span', null, `Your session ends in ${seconds} s; it has reached its greatest length. `
			+ 'Finish what you do and sign in again.'));
}

async function look() {
	try {
		keep(await get('session', {}, { quiet: true }));
	} catch (e) {
		if (e.code === 120)	// the cookie is gone: signed out in another tab
			session.ended();
	}
}

function keep(data) {
	who = data;
	heard = Date.now();
}

async function prolong(asked) {
	if (!who || !asked && Date.now() - prolonged < PROLONG_MS)
		return;
	prolonged = Date.now();
	try {
		keep((await post('session', {})).data);
	} catch (e) {
		if (asked)
			toast('error', e.message);
	}
}

function begin(data) {
	keep(data);
	prolonged = Date.now();
	clearInterval(timer);
	let seconds = 0;
	timer = setInterval(() => {
		if (++seconds % (LOOK_MS / 1000) === 0)
			look();
		if (who)
			warn();
	}, 1000);
}

function forget() {
	who = null;
	clearInterval(timer);
	banner.hidden = true;
}

for (const event of ['pointerdown', 'keydown'])
	addEventListener(event, () => prolong(false), { capture: true, passive: true });

export const session = {
	banner,
	get user() { return who?.user ?? ''; },
	get role() { return who?.role ?? ''; },
	get version() { return who?.version ?? ''; },
	get active() { return who !== null; },
	get plain() { return who !== null && who.tls === false; },
	// May change things. The daemon checks it too; here it decides what is offered.
	get operator() { return who?.role === 'operator'; },

	onEnd(f) { listener = f; },

	// True when there is a session already, from an earlier visit of this browser.
	async resume() {
		try {
			begin(await get('session', {}, { quiet: true }));
			return true;
		} catch (e) {
			if (e.code === 120 || e.code === 127)
				return false;
			throw e;
		}
	},
	async login(username, password) {
		await post('admin/login', { username, password });
		begin(await get('session'));
	},
	async logout() {
		try {
			await post('admin/logout', {});
		} finally {
			forget();
		}
	},
	// The daemon no longer knows it.
	ended() {
		if (!who)
			return;
		forget();
		listener();
	},
};
