// SPDX-License-Identifier: Apache-2.0
// What stands around every page: where one can go, how the cluster is, who is signed in.

import { get } from './api.js';
import { h, fill, button, badge } from './dom.js';
import { overall } from './nodes.js';
import { every, scope } from './panel.js';
import { link } from './route.js';
import { session } from './session.js';
import { toast } from './toast.js';

const SECTIONS = [['cluster', 'Cluster'], ['models', 'Models'], ['service', 'Services'], ['routing', 'Routing'],
	['health', 'Health'], ['audit', 'Audit']];
const LOOK_MS = 10000;

let life = null, nav = null;

async function signOut() {
	try {
		await session.logout();
	} catch (e) {
		toast('error',
			`Signed out here, but the daemon may keep the session until it runs out: ${e.message}`);
	}
	life.end();
	location.hash = link(['home', 'login']);
}

function overview(place) {
	const look = async () => {
		try {
			const { kind, text } = overall(await get('cluster/overview', {},
				{ signal: life.signal, quiet: true }));
			fill(place, badge(kind, text));
		} catch (e) {
			if (e.name !== 'AbortError')
				fill(place, badge('error', 'state not known', e.message));
		}
	};
	look();
	every(life, LOOK_MS, look);
}

export const frame = {
	element(page) {
		life?.end();
		life = scope();
		const state = h('a', { href: link(['home', 'health']), class: 'overall' });
		nav = h('nav', { 'aria-label': 'Sections' }, SECTIONS
			.filter(([name]) => name !== 'audit' || session.operator)
			.map(([name, title]) => h('a', { href: link(['home', name]), 'data-section': name }, title)));
		overview(state);
		return [
			button('Skip to the page', () => document.querySelector('#main')?.focus(), { class: 'skip' }),
			h('header', { class: 'top' },
				h('a', { href: link(['home', 'cluster']), class: 'brand' },
					h('img', { src: 'icon.svg', alt: '', width: 22, height: 22 }),
					'FATE Serving'),
				nav, state,
				h('span', { class: 'who' },
					h('span', { title: session.operator ? 'may look and change'
					: 'may look, not change' },
					session.user, h('small', null,
						` ${session.role}`)),
						button('Sign out', signOut, { class: 'small' }))),
			session.banner,
			session.plain ? h('div', { class: 'banner soft' },
				'This connection is not encrypted: the admin daemon is reached without TLS.') : null,
			page,
			h('footer', { class: 'bottom' }, `fate-serving-admin ${session.version}`),
		];
	},
	mark(section) {
		for (const a of nav.children) {
			if (a.dataset.section === section)
				a.setAttribute('aria-current', 'page');
			else
				a.removeAttribute('aria-current');
		}
	},
};
