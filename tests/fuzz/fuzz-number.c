/* SPDX-License-Identifier: Apache-2.0 */
/* Eight bytes are a double that has to survive being printed; any text is read as strtod reads it, or refused. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/err.h"
#include "codec/json.h"
#include "codec/number.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same(double a, double b)
{
	return isnan(a) ? isnan(b) : memcmp(&a, &b, sizeof(a)) == 0;
}

static void check_printed(const uint8_t *data)
{
	char text[FSV_DOUBLE_TEXT_MAX + 1];
	double v, back;
	float f;
	size_t n;

	memcpy(&v, data, sizeof(v));
	n = fsv_double_to_java(v, text);
	FSV_BUG_ON(n >= sizeof(text) || !fsv_double_from_java(fsv_str_n(text, n), &back) || !same(v, back));
	if (isfinite(v))
		FSV_BUG_ON(!same(fsv_double_from_json(fsv_str_n(text, n)), v));
	memcpy(&f, data, sizeof(f));
	n = fsv_float_to_java(f, text);
	text[n] = '\0';
	FSV_BUG_ON(isfinite(f) && strtof(text, NULL) != f);
}

static void check_text(struct fsv_str input, struct fsv_arena *arena)
{
	const char *text = fsv_arena_cstr(arena, fsv_str_trim(input));
	struct fsv_json j;
	double v, want;
	char *end;

	want = strtod(text, &end);
	if (fsv_double_from_java(input, &v)) {
		FSV_BUG_ON(!same(v, want));
		/* Java's suffix is all that strtod leaves over. */
		FSV_BUG_ON(end == text || (*end && (end[1] || !strchr("fFdD", *end))));
	}
	fsv_json_init(&j, input, arena);
	if (fsv_json_value(&j) == FSV_JSON_DOUBLE) {
		text = fsv_arena_cstr(arena, j.text);
		FSV_BUG_ON(!same(fsv_json_double(&j), strtod(text, NULL)));
		FSV_BUG_ON(!fsv_double_from_java(j.text, &v) || !same(v, fsv_json_double(&j)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fsv_arena arena;

	if (size >= sizeof(double))
		check_printed(data);
	fsv_arena_init(&arena, 0);
	check_text(fsv_str_n((const char *)data, size), &arena);
	fsv_arena_done(&arena);
	return 0;
}
