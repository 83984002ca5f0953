// SPDX-License-Identifier: Apache-2.0
// Reads JSON into a tree that knows where everything stands, so that a mistake can be shown at its line. Strict, as
// the daemons are.

const DEEPEST = 100;
const SPACE = /[ \t\r\n]*/y, NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y, WORD = /true|false|null/y;

export class Misplaced extends Error {
	constructor(text, at) {
		super(text);
		this.at = at;
	}
}

export function placeOf(text, at) {
	const before = text.slice(0, at);
	const line = before.split('\n').length;
	return { line, column: at - before.lastIndexOf('\n') };
}

// {type, at, value | items: [node] | members: [{name, at, node}]}; type as typeof tells, besides 'array' and 'null'.
export function parse(text) {
	let at = 0;

	function take(pattern) {
		pattern.lastIndex = at;
		const found = pattern.exec(text)?.[0];
		at += found?.length ?? 0;
		return found;
	}
	function fail(expected) {
		const found = at >= text.length ? 'the text ends'
			: `there is ${JSON.stringify(text.slice(at, at + 12).split('\n')[0])}`;
		throw new Misplaced(`${expected} is expected, but ${found}`, at);
	}
	function string() {
		const found = take(STRING);
		if (found === undefined)
			fail('a text in double quotes');
		return JSON.parse(found);
	}
	// What stands between two brackets: one() for each, commas between them.
	function list(close, one) {
		at++;
		take(SPACE);
		if (text[at] === close) {
			at++;
			return;
		}
		for (;;) {
			one();
			take(SPACE);
			if (text[at] === close)
				break;
			if (text[at] !== ',')
				fail(`"," or "${close}"`);
			at++;
			take(SPACE);
		}
		at++;
	}
	function value(depth) {
		take(SPACE);
		if (depth > DEEPEST)
			throw new Misplaced('the text is nested too deep', at);
		const node = { at };
		if (text[at] === '{') {
			Object.assign(node, { type: 'object', members: [] });
			list('}', () => {
				const member = { at, name: string() };
				take(SPACE);
				if (text[at] !== ':')
					fail('":"');
				at++;
				member.node = value(depth + 1);
				node.members.push(member);
			});
		} else if (text[at] === '[') {
			Object.assign(node, { type: 'array', items: [] });
			list(']', () => { node.items.push(value(depth + 1)); });
		} else if (text[at] === '"') {
			Object.assign(node, { type: 'string', value: string() });
		} else {
			const found = take(NUMBER) ?? take(WORD);
			if (!found)
				fail('a value');
			node.value = JSON.parse(found);
			node.type = node.value === null ? 'null' : typeof node.value;
		}
		node.end = at;
		return node;
	}
	const root = value(0);
	take(SPACE);
	if (at < text.length)
		fail('the end of the text');
	return root;
}

// What is wrong with the text as JSON: {text, at}, or null.
export function fault(text) {
	try {
		parse(text);
		return null;
	} catch (e) {
		return { text: e.message, at: e.at ?? 0 };
	}
}

// The text indented anew. Members keep their order and numbers their spelling, which objects of the language do not
// promise.
export function format(text) {
	const print = (node, indent) => {
		const inner = `${indent}  `;
		if (node.type === 'object' && node.members.length)
			return `{\n${node.members.map(m => `${inner}${JSON.stringify(m.name)}: ${print(m.node, inner)}`)
				.join(',\n')}\n${indent}}`;
		if (node.type !== 'array' || !node.items.length)
			return text.slice(node.at, node.end).replace(/^([[{])\s+([\]}])$/, '$1$2');
		return `[\n${node.items.map(item => inner + print(item, inner)).join(',\n')}\n${indent}]`;
	};
	return `${print(parse(text), '')}\n`;
}
