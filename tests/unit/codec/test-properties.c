/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/buf.h"
#include "codec/properties.h"

static struct fsv_arena arena;

static int open_arena(void **state)
{
	(void)state;
	fsv_arena_init(&arena, 0);
	return 0;
}

static int drop_arena(void **state)
{
	(void)state;
	fsv_arena_done(&arena);
	return 0;
}

/* "LINE[key][value]" one after the other. */
static const char *listed(struct fsv_str input)
{
	struct fsv_property *p = NULL;
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_buf out;

	fsv_buf_init(&out, &arena, 0);
	if (fsv_properties_parse(input, "f.properties", &arena, &p, &err) < 0)
		fail_msg("%s", err.text);
	for (; p; p = p->next)
		fsv_buf_printf(&out, "%u[%.*s][%.*s]", p->line, FSV_STR_ARG(p->key), FSV_STR_ARG(p->value));
	return fsv_buf_cstr(&out);
}

/* As java.util.Properties reads them. */
static void files_read_as_in_java(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "", "" }, { "\n \n\t\f\n", "" }, { "# c\n! d\n  # e\na=b", "4[a][b]" }, { "a=b", "1[a][b]" }, { "a:b", "1[a][b]" },
		{ "a b", "1[a][b]" }, { "a = b", "1[a][b]" }, { "a\t:\fb ", "1[a][b ]" }, { "a", "1[a][]" }, { "a=", "1[a][]" },
		{ "=b", "1[][b]" }, { "a==b", "1[a][=b]" }, { "a : = b", "1[a][= b]" }, { "a=b#c", "1[a][b#c]" },
		{ "a=1\nb=2\r\nc=3\rd=4", "1[a][1]2[b][2]3[c][3]4[d][4]" }, { "a=1\n\n\rb=2", "1[a][1]4[b][2]" },
		{ "a=1\\\n  2\\\r\n\t3\nb=4", "1[a][123]4[b][4]" }, { "a=1\\\\\nb=2", "1[a][1\\]2[b][2]" }, { "a=1\\\\\\\n2", "1[a][1\\2]" },
		{ "a\\\n b=c", "1[ab][c]" }, { "a \\\n = \\\n b", "1[a][b]" }, { "a=\\\n", "1[a][]" }, { "a=b\\", "1[a][b]" },
		{ "\\\n# c\na=b", "3[a][b]" }, { "a=1\\\n# no comment", "1[a][1# no comment]" }, { "a=1\\\n\nb=2", "1[a][1]3[b][2]" },
		{ "a\\=b\\:c\\ d=e", "1[a=b:c d][e]" }, { "a=\\t\\n\\r\\f\\q\\\"", "1[a][\t\n\r\fq\"]" },
		{ "a=\\u0041\\u00e9\\u6A21", "1[a][A\xc3\xa9\xe6\xa8\xa1]" }, { "a=\\ud83d\\ude00", "1[a][\xf0\x9f\x98\x80]" },
		{ "a=\\ud83dx\\ude00", "1[a][\xef\xbf\xbdx\xef\xbf\xbd]" }, { "\\u0061=b", "1[a][b]" }, { "a=1\na=2", "1[a][1]2[a][2]" },
		{ "a=\xe6\xa8\xa1", "1[a][\xe6\xa8\xa1]" }, { "a=\xe9\nb=\xe6\xa8\xa1", "1[a][\xc3\xa9]2[b][\xc3\xa6\xc2\xa8\xc2\xa1]" },
		{ "a=\\\xe9", "1[a][\xc3\xa9]" }, { "zk.url=127.0.0.1:2181", "1[zk.url][127.0.0.1:2181]" }, { "\\#a=b", "1[#a][b]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *got = listed(fsv_str(cases[i].text));

		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s: got %s, want %s", cases[i].text, got, cases[i].want);
	}
	assert_string_equal(listed(FSV_STR_NULL), "");
}

static void broken_escapes_name_file_and_line(void **state)
{
	static const char *const bad[] = { "a=1\nb=\\u12", "a=1\nb=\\u12g4", "a=1\n\\u=1", "a=1\nb=\\u", "a=1\nb=\\u00\\\n41" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct fsv_property *p = (struct fsv_property *)&arena;
		struct fsv_err err = FSV_ERR_INIT;

		assert_int_equal(fsv_properties_parse(fsv_str(bad[i]), "f.properties", &arena, &p, &err), FSV_E_SYNTAX);
		assert_ptr_equal(p, &arena);
		assert_string_equal(err.text, "f.properties:2: \\u is not followed by four hex digits");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_read_as_in_java),
		cmocka_unit_test(broken_escapes_name_file_and_line),
	};

	return cmocka_run_group_tests(tests, open_arena, drop_arena);
}
