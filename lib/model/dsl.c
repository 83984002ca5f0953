/* SPDX-License-Identifier: Apache-2.0 */
#include "dsl.h"

#include <stdlib.h>

#include "base/map.h"
#include "codec/json.h"
#include "java-order.h"

/* Capacity of the reference's maps and sets when they are new. */
enum { CAPACITY = 16 };

/* An upstream's outgoing edge, in the order in which the reference adds them. */
struct edge {
	unsigned to;
	struct edge *next;
};

struct vertex {
	const struct fsv_json_node *node;
	struct edge *first, **tail;
	unsigned in_degree;
	unsigned place;			/* in the result */
};

/* One entry of some input.data list: "<upstream>.<port>". */
struct input {
	struct fsv_str upstream;
	struct input *next;
};

struct graph {
	struct fsv_arena *arena;
	struct vertex *vertices;	/* in HashMap order of their names */
	unsigned n;
	struct fsv_map by_name;		/* vertex + 1 */
};

static int bad(struct fsv_err *err, const struct fsv_json_node *component, const char *why)
{
	return fsv_err_set(err, FSV_E_MODEL_INIT, "inference DSL: component %.*s: %s",
			   FSV_STR_ARG(component->key), why);
}

/* Members of an object in the order in which the reference's JSON library iterates them. */
static const struct fsv_json_node **in_hash_order(const struct fsv_json_node *object, struct fsv_arena *arena)
{
	const struct fsv_json_node **nodes = FSV_ARENA_NEW_N(arena, const struct fsv_json_node *, object->n);
	const struct fsv_json_node **sorted = FSV_ARENA_NEW_N(arena, const struct fsv_json_node *, object->n);
	struct fsv_str *names = FSV_ARENA_NEW_N(arena, struct fsv_str, object->n);
	uint32_t *order = FSV_ARENA_NEW_N(arena, uint32_t, object->n);
	size_t i = 0;

	for (const struct fsv_json_node *m = object->first; m; m = m->next) {
		nodes[i] = m;
		names[i++] = m->key;
	}
	(void)fsv_java_order(names, object->n, CAPACITY, order); /* all: members differ */
	for (i = 0; i < object->n; i++)
		sorted[i] = nodes[order[i]];
	return sorted;
}

/* The inputs of one component: the lists below input.data, its keys in hash order. */
static int read_inputs(struct graph *g, const struct fsv_json_node *component, struct input **ret_inputs,
		       struct fsv_err *err)
{
	const struct fsv_json_node *input = fsv_json_get(component, "input"), *data, **lists;
	struct input *first = NULL, **tail = &first;

	*ret_inputs = NULL;
	if (!input)
		return 0;
	if (input->type != FSV_JSON_OBJECT)
		return bad(err, component, "\"input\" is not an object");
	data = fsv_json_get(input, "data");
	if (!data)
		return 0;
	if (data->type != FSV_JSON_OBJECT)
		return bad(err, component, "\"input.data\" is not an object");
	lists = in_hash_order(data, g->arena);
	for (size_t i = 0; i < data->n; i++) {
		if (lists[i]->type != FSV_JSON_ARRAY)
			return bad(err, component, "a member of \"input.data\" is not a list");
		for (const struct fsv_json_node *e = lists[i]->first; e; e = e->next) {
			struct input *in;

			if (e->type != FSV_JSON_STRING)
				return bad(err, component, "an entry of \"input.data\" is not a text");
			in = FSV_ARENA_NEW(g->arena, struct input);
			in->upstream = fsv_str_sub(e->text, 0, fsv_str_find(e->text, '.', 0));
			*tail = in;
			tail = &in->next;
		}
	}
	*ret_inputs = first;
	return 0;
}

static int add_edges(struct graph *g, unsigned to, const struct input *inputs, struct fsv_err *err)
{
	for (const struct input *in = inputs; in; in = in->next) {
		struct vertex *from;
		struct edge *e;
		size_t at;

		if (fsv_str_is(in->upstream, "args"))
			continue;
		at = (size_t)(uintptr_t)fsv_map_get(&g->by_name, in->upstream);
		if (at == 0)
			return fsv_err_set(err, FSV_E_MODEL_INIT, "inference DSL: component %.*s "
					   "reads from %.*s, which does not exist",
					   FSV_STR_ARG(g->vertices[to].node->key), FSV_STR_ARG(in->upstream));
		from = &g->vertices[at - 1];
		e = FSV_ARENA_NEW(g->arena, struct edge);
		e->to = to;
		*from->tail = e;
		from->tail = &e->next;
		g->vertices[to].in_degree++;
	}
	return 0;
}

/* Depth first with a stack, as the reference has it. Writes vertices in order; returns how many. */
static unsigned sort(struct graph *g, unsigned *order)
{
	unsigned *stack = FSV_ARENA_NEW_N(g->arena, unsigned, g->n), top = 0, done = 0;

	for (unsigned i = 0; i < g->n; i++)
		if (g->vertices[i].in_degree == 0)
			stack[top++] = i;
	while (top > 0) {
		struct vertex *v = &g->vertices[stack[--top]];

		v->place = done;
		order[done++] = (unsigned)(v - g->vertices);
		for (const struct edge *e = v->first; e; e = e->next)
			if (--g->vertices[e->to].in_degree == 0)
				stack[top++] = e->to;
	}
	return done;
}

struct seen_input {
	int place;
	uint32_t bucket;
	unsigned n;	/* when it came */
};

static int compare_place(const void *a, const void *b)
{
	const struct seen_input *x = a, *y = b;

	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	return x->n < y->n ? -1 : x->n > y->n;
}

static int compare_bucket(const void *a, const void *b)
{
	const struct seen_input *x = a, *y = b;

	if (x->bucket != y->bucket)
		return x->bucket < y->bucket ? -1 : 1;
	return x->n < y->n ? -1 : x->n > y->n;
}

/* Distinct places in the order of a HashSet<Integer> that they were put into one by one. */
static void order_inputs(struct graph *g, const struct input *inputs, struct fsv_dsl_component *c)
{
	struct seen_input *seen;
	unsigned n = 0, distinct = 0;
	uint32_t capacity = CAPACITY;

	for (const struct input *in = inputs; in; in = in->next)
		n++;
	seen = FSV_ARENA_NEW_N(g->arena, struct seen_input, n);
	n = 0;
	for (const struct input *in = inputs; in; in = in->next, n++) {
		size_t at = (size_t)(uintptr_t)fsv_map_get(&g->by_name, in->upstream);

		seen[n].n = n;
		seen[n].place = fsv_str_is(in->upstream, "args") ? FSV_DSL_ARGS
								  : (int)g->vertices[at - 1].place;
	}
	qsort(seen, n, sizeof(*seen), compare_place);
	for (unsigned i = 0; i < n; i++)
		if (i == 0 || seen[i].place != seen[i - 1].place)
			seen[distinct++] = seen[i];
	while (distinct > capacity / 4 * 3)
		capacity *= 2;
	for (unsigned i = 0; i < distinct; i++) {
		uint32_t h = (uint32_t)seen[i].place;

		seen[i].bucket = (h ^ h >> 16) & (capacity - 1);
	}
	qsort(seen, distinct, sizeof(*seen), compare_bucket);
	c->inputs = FSV_ARENA_NEW_N(g->arena, int, distinct);
	c->n_inputs = distinct;
	for (unsigned i = 0; i < distinct; i++)
		c->inputs[i] = seen[i].place;
}

static int read_class(const struct fsv_json_node *component, struct fsv_str *ret_class,
		      struct fsv_err *err)
{
	const struct fsv_json_node *path = fsv_json_get(component, "CodePath");
	size_t from = 0;

	if (!path || path->type != FSV_JSON_STRING)
		return bad(err, component, "no CodePath");
	for (size_t i = 0; i < path->text.n; i++)
		if (path->text.p[i] == '/')
			from = i + 1;
	*ret_class = fsv_str_sub(path->text, from, path->text.n);
	return 0;
}

static int build(struct graph *g, const struct fsv_json_node *components, struct fsv_dsl *dsl,
		 struct fsv_err *err)
{
	const struct fsv_json_node **nodes = in_hash_order(components, g->arena);
	struct input **inputs = FSV_ARENA_NEW_N(g->arena, struct input *, g->n);
	unsigned *order = FSV_ARENA_NEW_N(g->arena, unsigned, g->n);
	int r;

	for (unsigned i = 0; i < g->n; i++) {
		g->vertices[i].node = nodes[i];
		g->vertices[i].tail = &g->vertices[i].first;
		/* Names differ: there was none before. */
		(void)fsv_map_put(&g->by_name, nodes[i]->key, (void *)(uintptr_t)(i + 1));
	}
	for (unsigned i = 0; i < g->n; i++) {
		if (nodes[i]->type != FSV_JSON_OBJECT)
			return bad(err, nodes[i], "not an object");
		if ((r = read_inputs(g, nodes[i], &inputs[i], err)) < 0)
			return r;
		if ((r = add_edges(g, i, inputs[i], err)) < 0)
			return r;
	}
	dsl->n = sort(g, order);
	for (unsigned i = 0; i < g->n; i++)
		if (g->vertices[i].in_degree > 0)
			return bad(err, nodes[i], "is part of a cycle or behind one");
	for (unsigned i = 0; i < dsl->n; i++) {
		struct fsv_dsl_component *c = &dsl->components[i];

		c->name = nodes[order[i]]->key;
		if ((r = read_class(nodes[order[i]], &c->class_name, err)) < 0)
			return r;
		order_inputs(g, inputs[order[i]], c);
	}
	return 0;
}

int fsv_dsl_parse(struct fsv_str json, struct fsv_arena *arena, struct fsv_dsl *ret_dsl, struct fsv_err *err)
{
	struct graph g = { .arena = arena };
	struct fsv_dsl dsl = { 0 };
	struct fsv_json_node *root, *components;
	int r;

	r = fsv_json_parse(json, arena, false, &root, err);
	if (r < 0) {
		if (err)
			err->code = FSV_E_MODEL_INIT;
		(void)fsv_err_wrap(err, "inference DSL");
		return FSV_E_MODEL_INIT;
	}
	components = fsv_json_get(root, "components");
	if (!components || components->type != FSV_JSON_OBJECT)
		return fsv_err_set(err, FSV_E_MODEL_INIT, "inference DSL: no object \"components\"");
	if (components->n > FSV_DSL_MAX_COMPONENTS)
		return fsv_err_set(err, FSV_E_MODEL_INIT, "inference DSL: %zu components, more than %d",
				   components->n, FSV_DSL_MAX_COMPONENTS);
	g.n = (unsigned)components->n;
	g.vertices = FSV_ARENA_NEW_N(arena, struct vertex, g.n);
	dsl.components = FSV_ARENA_NEW_N(arena, struct fsv_dsl_component, g.n);
	fsv_map_init(&g.by_name);
	r = build(&g, components, &dsl, err);
	fsv_map_done(&g.by_name);
	if (r < 0)
		return r;
	*ret_dsl = dsl;
	return 0;
}
