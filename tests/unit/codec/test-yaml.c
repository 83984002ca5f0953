/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/buf.h"
#include "codec/yaml.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

static struct fsv_arena arena;

static int setup(void **state)
{
	(void)state;
	fsv_arena_init(&arena, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fsv_arena_done(&arena);
	return 0;
}

static struct fsv_yaml *parse(struct fsv_str text)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_yaml *root = NULL;

	if (fsv_yaml_parse(text, "f", &arena, &root, &err) != 0)
		fail_msg("%.*s: %s", FSV_STR_ARG(text), err.text);
	return root;
}

/* The tree in one line: key@line:column=value@line:column, quoted scalars in quotes. */
static void print(const struct fsv_yaml *y, struct fsv_buf *out)
{
	if (y->key.p)
		fsv_buf_printf(out, "%.*s@%u:%u=", FSV_STR_ARG(y->key), y->key_line, y->key_column);
	if (y->type == FSV_YAML_SCALAR) {
		fsv_buf_printf(out, y->plain ? "%.*s" : "'%.*s'", FSV_STR_ARG(y->text));
	} else {
		size_t n = 0;

		fsv_buf_puts(out, y->type == FSV_YAML_MAP ? "{" : "[");
		for (const struct fsv_yaml *c = y->first; c; c = c->next, n++) {
			if (n > 0)
				fsv_buf_putc(out, ' ');
			print(c, out);
		}
		assert_int_equal(n, y->n);
		fsv_buf_puts(out, y->type == FSV_YAML_MAP ? "}" : "]");
	}
	fsv_buf_printf(out, "@%u:%u", y->line, y->column);
}

static void trees_remember_places(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "", "{}@1:1" },
		{ "# only a comment\n", "{}@1:1" },
		{ "---\n", "{}@1:1" },
		{ "\xef\xbb\xbf" "a: 1\n", "{a@1:1=1@1:4}@1:1" },
		{ "a: 1\nb:\n  c: x y\n  d: 'q'\n",
		  "{a@1:1=1@1:4 b@2:1={c@3:3=x y@3:6 d@4:3='q'@4:6}@3:3}@1:1" },
		{ "l:\n- 1\n- [2, {k: v}]\n", "{l@1:1=[1@2:3 [2@3:4 {k@3:8=v@3:11}@3:7]@3:3]@2:1}@1:1" },
		{ "a.b: ~\n\"k\": \"\\u00e9\"\n", "{a.b@1:1=~@1:6 k@2:1='\xc3\xa9'@2:6}@1:1" },
		{ "a:\r\n  b: 1\r\n", "{a@1:1={b@2:3=1@2:6}@2:3}@1:1" },
		/* Columns count characters. */
		{ "{\xe6\xa8\xa1: 1, b: 2}", "{\xe6\xa8\xa1@1:2=1@1:5 b@1:8=2@1:11}@1:1" },
		{ "a:\nb: 1\n", "{a@1:1=@1:3 b@2:1=1@2:4}@1:1" },
		{ "t: |\n  one\n  two\n", "{t@1:1='one\ntwo\n'@1:4}@1:1" },
		{ "just text", "just text@1:1" },
		{ "a: 1\n...\n", "{a@1:1=1@1:4}@1:1" },
		{ "%YAML 1.1\n---\na: 1\n", "{a@3:1=1@3:4}@3:1" },
		{ "a: 'wow!'\nb: x!y\n", "{a@1:1='wow!'@1:4 b@2:1=x!y@2:4}@1:1" },
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		struct fsv_buf got;

		fsv_buf_init(&got, &arena, 0);
		print(parse(fsv_str(cases[i].text)), &got);
		if (strcmp(fsv_buf_cstr(&got), cases[i].want) != 0)
			fail_msg("case %zu: got %s want %s", i, fsv_buf_cstr(&got), cases[i].want);
	}
}

static void faults_are_refused_with_their_place(void **state)
{
	static const struct {
		const char *text;
		int code;
		const char *want;	/* beginning of the message */
	} cases[] = {
		{ "a: &x 1\n", FSV_E_SYNTAX, "f:1:4: anchors" },
		{ "a: &x [1]\n", FSV_E_SYNTAX, "f:1:4: anchors" },
		{ "a: 1\nb: *x\n", FSV_E_SYNTAX, "f:2:4: aliases" },
		{ "a: !!int 1\n", FSV_E_SYNTAX, "f:1:4: tags" },
		{ "\xe6\xa8\xa1: ok\na: ! 1\n", FSV_E_SYNTAX, "f:2:4: tags" },
		{ "a: !x {b: 1}\n", FSV_E_SYNTAX, "f:1:4: tags" },
		{ "%TAG ! tag:x,2000:\n---\na: 1\n", FSV_E_SYNTAX, "f:1:1: %TAG" },
		{ "a: 1\n---\nb: 1\n", FSV_E_SYNTAX, "f:2:1: a second document" },
		{ "a: 1\nb: 2\na: 3\n", FSV_E_SYNTAX, "f:3:1: a: this key is given twice, first at line 1 column 1" },
		{ "z: {b: 1, c: 2, b: 3, c: 4}", FSV_E_SYNTAX, "f:1:17: b: this key is given twice, first at line 1 column 5" },
		{ "\"a\": 1\n'a': 2\n", FSV_E_SYNTAX, "f:2:1: a: this key is given twice, first at line 1 column 1" },
		{ "[a, b]: 1\n", FSV_E_SYNTAX, "f:1:1: a key must be plain text" },
		{ "? {a: 1}\n: 1\n", FSV_E_SYNTAX, "f:1:3: a key must be plain text" },
		{ "ok: 1\nb: \xff\n", FSV_E_SYNTAX, "f:2:4: not valid UTF-8" },
		{ "ok: 1\nb: \xc3\xa9 \x01\n", FSV_E_SYNTAX, "f:2:6: control characters are not allowed" },
		{ "a:\n\tb: 1\n", FSV_E_SYNTAX, "f:2:1: while scanning for the next token, a tab where" },
		{ "a: b: c\n", FSV_E_SYNTAX, "f:1:5: mapping values are not allowed" },
		{ "a: [1, 2\n", FSV_E_SYNTAX, "f:2:1: while parsing a flow sequence" },
		{ "a: 'open\n", FSV_E_SYNTAX, "f:2:1: while scanning a quoted scalar" },
		{ "a: 1\nport 8000\nb: 2\n", FSV_E_SYNTAX, "f:2:1: while scanning a simple key, could not find expected ':'" },
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		struct fsv_err err = FSV_ERR_INIT;
		struct fsv_yaml *root = NULL;
		int rc = fsv_yaml_parse(fsv_str(cases[i].text), "f", &arena, &root, &err);

		if (rc != cases[i].code || err.code != rc || strncmp(err.text, cases[i].want, strlen(cases[i].want)) != 0)
			fail_msg("case %zu: got %d %s want %s", i, rc, err.text, cases[i].want);
		assert_null(root);
	}
}

static void depth_and_size_are_bounded(void **state)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_yaml *root = NULL;
	struct fsv_buf text;

	(void)state;
	for (int depth = 64; depth <= 65; depth++) {
		fsv_buf_init(&text, &arena, 0);
		for (int i = 0; i < depth; i++)
			fsv_buf_putc(&text, '[');
		for (int i = 0; i < depth; i++)
			fsv_buf_putc(&text, ']');
		assert_int_equal(fsv_yaml_parse(fsv_buf_str(&text), "f", &arena, &root, &err),
				 depth == 64 ? 0 : FSV_E_LIMIT);
	}
	assert_string_equal(err.text, "f:1:65: nested more than 64 levels deep");
	for (size_t n = FSV_YAML_NODES_MAX - 1; n <= FSV_YAML_NODES_MAX; n++) {
		fsv_buf_init(&text, &arena, 0);
		for (size_t i = 0; i < n; i++)
			fsv_buf_puts(&text, "- a\n");
		assert_int_equal(fsv_yaml_parse(fsv_buf_str(&text), "f", &arena, &root, &err),
				 n < FSV_YAML_NODES_MAX ? 0 : FSV_E_LIMIT);
	}
	assert_string_equal(err.text, "f:100000:3: more than 100,000 values");
}

static void a_megabyte_of_garbage_is_an_error(void **state)
{
	static const char *const units[] = { "[", "{", "- ", "? ", "{a: ", "[a,", "\"", "a: b\n ", "&a ", "!a ", "#", "'x' ",
					     "\x01\x7f", "\xff\xfe", "a: |\n" };
	enum { SIZE = 1 << 20 };
	static char text[SIZE];

	(void)state;
	for (size_t u = 0; u < N(units); u++) {
		struct fsv_err err = FSV_ERR_INIT;
		struct fsv_yaml *root = NULL;
		size_t len = strlen(units[u]);

		for (size_t i = 0; i < SIZE; i++)
			text[i] = units[u][i % len];
		if (units[u][0] == '#')		/* one comment of a megabyte is nothing at all */
			assert_int_equal(fsv_yaml_parse(fsv_str_n(text, SIZE), "f", &arena, &root, &err), 0);
		else if (fsv_yaml_parse(fsv_str_n(text, SIZE), "f", &arena, &root, &err) >= 0)
			fail_msg("%s repeated was taken", units[u]);
		fsv_arena_reset(&arena);
	}
}

static void members_are_found_by_name(void **state)
{
	struct fsv_yaml *root = parse(FSV_STR("a: 1\nb: {c: x}\n"));

	(void)state;
	assert_true(fsv_str_is(fsv_yaml_get(fsv_yaml_get(root, "b"), "c")->text, "x"));
	assert_null(fsv_yaml_get(root, "c"));
	assert_null(fsv_yaml_get(fsv_yaml_get(root, "a"), "c"));
	assert_null(fsv_yaml_get(NULL, "c"));
}

static void nothing_has_several_spellings(void **state)
{
	struct fsv_yaml *root = parse(FSV_STR("a: null\nb: ~\nc:\nd: Null\ne: NULL\nA: 'null'\nB: ''\nC: nULL\nD: []\n"));

	(void)state;
	for (struct fsv_yaml *c = root->first; c; c = c->next)
		if (fsv_yaml_is_null(c) != (c->key.p[0] >= 'a'))
			fail_msg("%.*s", FSV_STR_ARG(c->key));
}

static void scalars_read_back_as_they_were(void **state)
{
	static const struct {
		const char *text;
		const char *want;	/* spelling */
	} cases[] = {
		{ "plain", "plain" }, { "8000", "8000" }, { "-1", "-1" }, { "true", "true" }, { "a b", "a b" },
		{ "/etc/x.yaml", "/etc/x.yaml" }, { "http://h:80/p?a=b&c=d", "http://h:80/p?a=b&c=d" },
		{ "", "\"\"" }, { "null", "\"null\"" }, { "~", "\"~\"" }, { "a,b", "\"a,b\"" }, { "[x]:1", "\"[x]:1\"" },
		{ "a: b", "\"a: b\"" }, { "a #b", "\"a #b\"" }, { "- a", "\"- a\"" }, { "---", "\"---\"" },
		{ " a", "\" a\"" }, { "a ", "\"a \"" }, { "a  b", "\"a  b\"" }, { "a:", "\"a:\"" }, { "*", "\"*\"" },
		{ "a\"b\\c", "\"a\\\"b\\\\c\"" }, { "l1\nl2\t.", "\"l1\\nl2\\t.\"" }, { "\r\x01\x7f", "\"\\x0D\\x01\\x7F\"" },
		{ "\xc2\x85\xe2\x80\xa8", "\"\\x85\\u2028\"" }, { "\xef\xbb\xbf", "\"\\uFEFF\"" },
		{ "\xe6\xa8\xa1", "\"\xe6\xa8\xa1\"" }, { "\xf0\x9f\x99\x82", "\"\xf0\x9f\x99\x82\"" },
		{ "(secret)", "\"(secret)\"" }, { "%x", "\"%x\"" }, { "'", "\"'\"" },
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		struct fsv_buf text;
		struct fsv_yaml *root;

		fsv_buf_init(&text, &arena, 0);
		fsv_yaml_scalar(&text, fsv_str(cases[i].text));
		if (strcmp(fsv_buf_cstr(&text), cases[i].want) != 0)
			fail_msg("case %zu: got %s want %s", i, fsv_buf_cstr(&text), cases[i].want);
		fsv_buf_clear(&text);
		fsv_buf_puts(&text, "k: ");
		fsv_yaml_scalar(&text, fsv_str(cases[i].text));
		fsv_buf_puts(&text, "\nl: [");
		fsv_yaml_scalar(&text, fsv_str(cases[i].text));
		fsv_buf_puts(&text, "]\n");
		root = parse(fsv_buf_str(&text));
		assert_true(fsv_str_is(fsv_yaml_get(root, "k")->text, cases[i].text));
		assert_true(fsv_str_is(fsv_yaml_get(root, "l")->first->text, cases[i].text));
		assert_false(fsv_yaml_is_null(fsv_yaml_get(root, "k")));
	}
}

static void bytes_that_are_no_text_are_replaced(void **state)
{
	struct fsv_buf text;

	(void)state;
	fsv_buf_init(&text, &arena, 0);
	fsv_yaml_scalar(&text, FSV_STR("a\xff\xfe" "b\xe6\xa8"));
	assert_string_equal(fsv_buf_cstr(&text), "\"a\\uFFFD\\uFFFDb\\uFFFD\\uFFFD\"");
	fsv_buf_clear(&text);
	fsv_yaml_scalar(&text, FSV_STR("a\0b"));
	assert_string_equal(fsv_buf_cstr(&text), "\"a\\x00b\"");
}

static void messages_show_one_short_line(void **state)
{
	char out[FSV_YAML_SHOW_MAX], big[200];

	(void)state;
	assert_string_equal(fsv_yaml_show(FSV_STR("a\nb\0c\xc2\x85"), out), "a?b?c?");
	assert_string_equal(fsv_yaml_show(FSV_STR(""), out), "");
	memset(big, 'x', sizeof(big));
	assert_int_equal(strlen(fsv_yaml_show(fsv_str_n(big, 60), out)), 60);
	assert_null(strchr(out, '.'));
	assert_int_equal(strlen(fsv_yaml_show(fsv_str_n(big, sizeof(big)), out)), 63);
	assert_string_equal(out + 60, "...");
	memcpy(big + 59, "\xe6\xa8\xa1", 3);
	assert_string_equal(fsv_yaml_show(fsv_str_n(big, sizeof(big)), out) + 58, "x...");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(trees_remember_places),
		T(faults_are_refused_with_their_place),
		T(depth_and_size_are_bounded),
		T(a_megabyte_of_garbage_is_an_error),
		T(members_are_found_by_name),
		T(nothing_has_several_spellings),
		T(scalars_read_back_as_they_were),
		T(bytes_that_are_no_text_are_replaced),
		T(messages_show_one_short_line),
	};

	return cmocka_run_group_tests_name("yaml", tests, NULL, NULL);
}
