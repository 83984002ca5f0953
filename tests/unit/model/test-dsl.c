/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/buf.h"
#include "model/dsl.h"

/* "name:class<input,input name:class" in order; inputs as places, args as -1. */
static const char *parsed(const char *json, struct fsv_arena *arena, struct fsv_err *err)
{
	struct fsv_buf *out = FSV_ARENA_NEW(arena, struct fsv_buf);
	struct fsv_dsl dsl;

	fsv_buf_init(out, arena, 0);
	if (fsv_dsl_parse(fsv_str(json), arena, &dsl, err) < 0)
		return "";
	for (unsigned i = 0; i < dsl.n; i++) {
		const struct fsv_dsl_component *c = &dsl.components[i];

		fsv_buf_printf(out, "%s%.*s:%.*s", i ? " " : "", FSV_STR_ARG(c->name),
			FSV_STR_ARG(c->class_name));
		for (unsigned k = 0; k < c->n_inputs; k++)
			fsv_buf_printf(out, "%c%d", k ? ',' : '<', c->inputs[k]);
	}
	return fsv_buf_cstr(out);
}

#define C(name, path, input)	"\"" name "\":{\"CodePath\":\"" path "\",\"input\":{\"data\":{" input "}}}"

static void components_come_in_the_order_of_the_reference(void **state)
{
	static const struct {
		const char *json, *want;
	} cases[] = {
		/* The example model: path and class, first DSL generation. */
		{ "{\"components\":{" C("dataio_0", "federatedml/util/data_io.py/DataIO",
		  "\"data\":[\"args.eval_data\"]")
		  "," C("intersection_0", "a/b.py/IntersectGuest", "\"data\":[\"dataio_0.train\"]")
		  "," C("hetero_lr_0", "a/b.py/HeteroLRGuest",
		  	"\"eval_data\":[\"intersection_0.train\"]") "}}",
		  "dataio_0:DataIO<-1 intersection_0:IntersectGuest<0 hetero_lr_0:HeteroLRGuest<1" },
		/* Scorecard example. */
		{ "{\"components\":{" C("data_transform_0", "DataTransform", "")
		  "," C("hetero_lr_0", "HeteroLRGuest", "\"data\":[\"data_transform_0.data\"]")
		  "," C("scorecard_0", "Scorecard", "\"data\":[\"hetero_lr_0.data\"]")
		  "," C("evaluation_0", "Evaluation", "\"data\":[\"hetero_lr_0.data\"]") "}}",
		  "data_transform_0:DataTransform hetero_lr_0:HeteroLRGuest<0 evaluation_0:Evaluation<1 "
		  "scorecard_0:Scorecard<1" },
		/* Siblings: the answer is that of hetero_lr_0. */
		{ "{\"components\":{" C("data_transform_0", "DataTransform", "")
		  "," C("hetero_lr_0", "HeteroLRGuest", "\"data\":[\"data_transform_0.data\"]")
		  "," C("hetero_lr_1", "HeteroLRGuest", "\"data\":[\"data_transform_0.data\"]") "}}",
		  "data_transform_0:DataTransform hetero_lr_1:HeteroLRGuest<0 hetero_lr_0:HeteroLRGuest<0" },
		/* Inputs: distinct, args before place 0, whole text where there is no port. */
		{ "{\"components\":{" C("a", "X", "") "," C("b", "Y",
		  "\"data\":[\"a\",\"args.x\",\"a.y\"]") "}}",
		  "a:X b:Y<0,-1" },
		{ "{\"components\":{" C("a", "X", "") "," C("b", "Y", "\"data\":[\"args.x\",\"a.y\"]") "}}",
		  "a:X b:Y<-1,0" },
		{ "{\"components\":{\"a\":{\"CodePath\":\"X\",\"input\":{\"model\":[\"nobody.model\"]}}}}", "a:X" },
		{ "{\"components\":{\"a\":{\"CodePath\":\"x/\"}}}", "a:" },
		{ "{\"components\":{}}", "" },
	};
	struct fsv_arena arena;

	(void)state;
	fsv_arena_init(&arena, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fsv_err err = FSV_ERR_INIT;

		assert_string_equal(parsed(cases[i].json, &arena, &err), cases[i].want);
		assert_string_equal(err.text, "");
	}
	fsv_arena_done(&arena);
}

/* 20 readers side by side and one component behind three of them: sets of more than 16 places. */
static void inputs_beyond_sixteen_come_in_hash_order(void **state)
{
	struct fsv_arena arena;
	struct fsv_dsl dsl;
	struct fsv_buf json;
	struct fsv_err err = FSV_ERR_INIT;
	const struct fsv_dsl_component *last;

	(void)state;
	fsv_arena_init(&arena, 0);
	fsv_buf_init(&json, &arena, 0);
	fsv_buf_puts(&json, "{\"components\":{\"c0\":{\"CodePath\":\"R\"}");
	for (int i = 1; i < 20; i++)
		fsv_buf_printf(&json,
			",\"c%d\":{\"CodePath\":\"R\",\"input\":{\"data\":{\"data\":[\"c%d.x\"]}}}", i, i - 1);
	fsv_buf_puts(&json,
		",\"z\":{\"CodePath\":\"Z\",\"input\":{\"data\":{\"d\":[\"c17.x\",\"c3.x\",\"c16.x\"]}}}}}");
	assert_int_equal(fsv_dsl_parse(fsv_buf_str(&json), &arena, &dsl, &err), 0);
	for (last = dsl.components; !fsv_str_is(last->name, "z"); last++)
		;
	assert_int_equal(last->n_inputs, 3);
	assert_int_equal(last->inputs[0], 16);
	assert_int_equal(last->inputs[1], 17);
	assert_int_equal(last->inputs[2], 3);
	fsv_arena_done(&arena);
}

static void what_is_no_graph_is_refused(void **state)
{
	static const struct {
		const char *json, *want;
	} cases[] = {
		{ "", "inference DSL" },
		{ "{", "inference DSL: line 1" },
		{ "[]", "no object \"components\"" },
		{ "{\"components\":[]}", "no object \"components\"" },
		{ "{\"components\":{\"a\":1}}", "component a: not an object" },
		{ "{\"components\":{\"a\":{}}}", "component a: no CodePath" },
		{ "{\"components\":{\"a\":{\"CodePath\":1}}}", "component a: no CodePath" },
		{ "{\"components\":{\"a\":{\"CodePath\":\"X\",\"input\":[]}}}",
		  "\"input\" is not an object" },
		{ "{\"components\":{\"a\":{\"CodePath\":\"X\",\"input\":{\"data\":1}}}}",
		  "\"input.data\" is not an object" },
		{ "{\"components\":{" C("a", "X", "\"d\":\"b\"") "}}", "is not a list" },
		{ "{\"components\":{" C("a", "X", "\"d\":[1]") "}}", "is not a text" },
		{ "{\"components\":{" C("a", "X", "\"d\":[\"b.data\"]") "}}",
		  "component a reads from b, which does not exist" },
		{ "{\"components\":{" C("a", "X", "\"d\":[\"a.data\"]") "}}", "cycle" },
		{ "{\"components\":{" C("a", "X", "\"d\":[\"b.data\"]") "," C("b", "X",
		  "\"d\":[\"a.data\"]") ","
		  C("c", "X", "") "}}", "cycle" },
	};
	struct fsv_arena arena;

	(void)state;
	fsv_arena_init(&arena, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fsv_err err = FSV_ERR_INIT;
		struct fsv_dsl dsl;

		assert_int_equal(fsv_dsl_parse(fsv_str(cases[i].json), &arena, &dsl, &err), FSV_E_MODEL_INIT);
		assert_int_equal(err.code, FSV_E_MODEL_INIT);
		if (!strstr(err.text, cases[i].want))
			fail_msg("%s: got \"%s\", want \"%s\"", cases[i].json, err.text, cases[i].want);
	}
	fsv_arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(components_come_in_the_order_of_the_reference),
		cmocka_unit_test(inputs_beyond_sixteen_come_in_hash_order),
		cmocka_unit_test(what_is_no_graph_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
