/* SPDX-License-Identifier: Apache-2.0 */
#include "json-names.h"

static void insert(struct fsv_json_names *s, size_t i)
{
	size_t mask = 2 * s->cap - 1, at = fsv_str_hash(s->names[i].name) & mask;

	while (s->slots[at])
		at = (at + 1) & mask;
	s->slots[at] = (uint32_t)i + 1;
}

static void grow(struct fsv_json_names *s, struct fsv_arena *arena)
{
	struct fsv_json_name *old = s->cap ? s->names : s->few;

	s->cap = s->cap ? 2 * s->cap : 4 * FSV_JSON_NAMES_FEW;
	s->names = fsv_arena_alloc(arena, s->cap * sizeof(*s->names));
	memcpy(s->names, old, s->n * sizeof(*old));
	s->slots = FSV_ARENA_NEW_N(arena, uint32_t, 2 * s->cap);
	for (size_t i = 0; i < s->n; i++)
		insert(s, i);
}

static void *find(const struct fsv_json_names *s, struct fsv_str name)
{
	size_t mask = 2 * s->cap - 1;

	for (size_t at = fsv_str_hash(name) & mask; s->slots[at]; at = (at + 1) & mask)
		if (fsv_str_eq(s->names[s->slots[at] - 1].name, name))
			return s->names[s->slots[at] - 1].owner;
	return NULL;
}

static void *find_few(const struct fsv_json_names *s, struct fsv_str name)
{
	for (size_t i = 0; i < s->n; i++)
		if (fsv_str_eq(s->few[i].name, name))
			return s->few[i].owner;
	return NULL;
}

void *fsv_json_names_add(struct fsv_json_names *s, struct fsv_str name, void *owner, struct fsv_arena *arena)
{
	struct fsv_json_name new = { name, owner };
	void *old = s->cap ? find(s, name) : find_few(s, name);

	if (old)
		return old;
	if (s->cap == 0 && s->n < FSV_JSON_NAMES_FEW) {
		s->few[s->n++] = new;
		return NULL;
	}
	if (s->n >= s->cap)
		grow(s, arena);
	s->names[s->n] = new;
	insert(s, s->n++);
	return NULL;
}
