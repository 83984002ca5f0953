/* SPDX-License-Identifier: Apache-2.0 */
#include "json.h"

#include "json-names.h"
#include "json-private.h"

enum { NODES_MAX = 1000000 };

static struct fsv_json_node *read_node(struct fsv_json *j, size_t *left);

/* A member named again keeps its first place and takes the newer value. */
static void add_member(struct fsv_json_node *object, struct fsv_json_node ***tail, struct fsv_json_node *member,
		       struct fsv_json_names *names, struct fsv_arena *arena)
{
	struct fsv_json_node *old = fsv_json_names_add(names, member->key, member, arena);

	if (old) {
		member->next = old->next;
		*old = *member;
		return;
	}
	**tail = member;
	*tail = &member->next;
	object->n++;
}

static void read_object(struct fsv_json *j, struct fsv_json_node *object, size_t *left)
{
	struct fsv_json_node **tail = &object->first, *member;
	struct fsv_json_names names;
	struct fsv_str key;

	fsv_json_names_init(&names);
	while (fsv_json_key(j, &key)) {
		member = read_node(j, left);
		if (!member)
			return;
		member->key = key;
		add_member(object, &tail, member, &names, j->arena);
	}
}

static void read_array(struct fsv_json *j, struct fsv_json_node *array, size_t *left)
{
	struct fsv_json_node **tail = &array->first;

	while (fsv_json_elem(j)) {
		*tail = read_node(j, left);
		if (!*tail)
			return;
		tail = &(*tail)->next;
		array->n++;
	}
}

/* NULL when the reader has failed. Depth is the reader's affair. */
static struct fsv_json_node *read_node(struct fsv_json *j, size_t *left)
{
	enum fsv_json_type type = fsv_json_value(j);
	struct fsv_json_node *node;

	if (type == FSV_JSON_NONE)
		type = fsv_json_refuse(j, false, "the input is empty");
	else if (*left == 0)
		type = fsv_json_refuse(j, true, "more than 1,000,000 values");
	if (type == FSV_JSON_ERROR)
		return NULL;
	--*left;
	node = FSV_ARENA_NEW(j->arena, struct fsv_json_node);
	node->type = type;
	if (type == FSV_JSON_OBJECT)
		read_object(j, node, left);
	else if (type == FSV_JSON_ARRAY)
		read_array(j, node, left);
	else if (type >= FSV_JSON_INT)
		node->text = j->text;
	if (type == FSV_JSON_INT || type == FSV_JSON_DOUBLE)
		node->number = fsv_json_double(j);
	return fsv_json_failed(j) ? NULL : node;
}

int fsv_json_parse(struct fsv_str input, struct fsv_arena *arena, bool strict_end, struct fsv_json_node **ret_root,
		   struct fsv_err *err)
{
	size_t left = NODES_MAX;
	struct fsv_json_node *root;
	struct fsv_json j;

	fsv_json_init(&j, input, arena);
	root = read_node(&j, &left);
	if (root && strict_end && !fsv_json_end(&j))
		fsv_json_refuse(&j, false, "something follows the value");
	if (fsv_json_failed(&j))
		return fsv_json_fail(&j, err);
	*ret_root = root;
	return 0;
}

struct fsv_json_node *fsv_json_get(const struct fsv_json_node *object, const char *key)
{
	if (!object || object->type != FSV_JSON_OBJECT)
		return NULL;
	for (struct fsv_json_node *m = object->first; m; m = m->next)
		if (fsv_str_is(m->key, key))
			return m;
	return NULL;
}

struct fsv_str fsv_json_get_str(const struct fsv_json_node *object, const char *key)
{
	const struct fsv_json_node *m = fsv_json_get(object, key);

	return m && m->type == FSV_JSON_STRING ? m->text : FSV_STR_NULL;
}
