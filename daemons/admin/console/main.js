// SPDX-License-Identifier: Apache-2.0
// Which page belongs to which address; signing in comes before all of them.

import { h, fill } from './dom.js';
import { frame } from './frame.js';
import { scope } from './panel.js';
import { HOME, here } from './route.js';
import { session } from './session.js';
import { failure, toasts } from './toast.js';
import { auditPage } from './audit.js';
import { clusterPage } from './cluster.js';
import { healthPage } from './health.js';
import { loginPage } from './login.js';
import { modelPage } from './model.js';
import { modelsPage } from './models.js';
import { nodePage } from './node.js';
import { routingPage } from './routing.js';
import { servicesPage } from './services.js';
import { trialPage } from './trial.js';

// Name of the section, how many parts its address has at least, at most, and what shows it. The first that fits
// counts.
const PAGES = [
	['cluster', 0, 0, clusterPage],
	['cluster', 2, 3, nodePage],
	['models', 0, 0, modelsPage],
	['models', 2, 2, modelPage],
	['service', 0, 0, servicesPage],
	['service', 2, 2, trialPage],
	['routing', 0, 1, routingPage],
	['health', 0, 0, healthPage],
	['audit', 0, 0, auditPage],
];

const holder = h('div', { id: 'page' });
let life = null;		// of the page that is shown
let shown = null;		// its address
let refused = false;		// going back to where the person decided to stay

function nowhere() {
	return [h('h1', null, 'There is no such page'),
		h('p', null, 'The address may be of an older console, or cut short. ',
		h('a', { href: `#${HOME}` }, 'Go to the cluster'), '.')];
}

function page() {
	const [home, section = 'cluster', ...rest] = here().parts;
	const found = home === 'home' && PAGES.find(([name, least, most]) =>
		name === section && rest.length >= least && rest.length <= most);
	return { section, build: found ? () => found[3](life, rest) : nowhere };
}

// A page with something unsaved has life.unsaved(): text of the question, or nothing.
function mayLeave() {
	const question = life?.unsaved?.();
	return !question || confirm(question);
}

function show() {
	const address = location.hash;
	if (refused) {
		refused = false;
		return;
	}
	if (!mayLeave()) {
		refused = true;
		location.hash = shown;
		return;
	}
	life?.end();
	life = scope();
	shown = address;
	if (!session.active) {
		fill(document.body, loginPage(life, start), toasts);
		return;
	}
	const { section, build } = page();
	fill(holder, h('main', { id: 'main', tabindex: '-1' }, build()));
	frame.mark(section);
	const title = holder.querySelector('h1')?.textContent;
	document.title = title ? `${title} – FATE Serving` : 'FATE Serving';
	scrollTo(0, 0);
}

function start() {
	if (here().parts[1] === 'login')
		history.replaceState(null, '', `#${HOME}`);
	fill(document.body, frame.element(holder), toasts);
	shown = null;
	show();
}

session.onEnd(() => {
	for (const open of document.querySelectorAll('dialog'))
		open.close();
	if (life)
		life.unsaved = null;
	show();
	document.querySelector('#login-note')?.append('Your session has ended. Sign in to go on where you were.');
});

addEventListener('hashchange', show);
addEventListener('beforeunload', event => {
	if (life?.unsaved?.())
		event.preventDefault();
});

async function begin() {
	try {
		if (await session.resume())
			start();
		else
			show();
	} catch (e) {
		fill(document.body, h('main', { class: 'alone' }, h('h1', null, 'FATE Serving'), failure(e)));
		setTimeout(begin, 3000);
	}
}
begin();
