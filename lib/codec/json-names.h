/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names met so far in one object, to notice one that comes twice. Small objects are compared name by
 * name, larger ones through a hash table in the arena, so that 100,000 members cost no more than their number.
 */
#ifndef FSV_CODEC_JSON_NAMES_H
#define FSV_CODEC_JSON_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

enum { FSV_JSON_NAMES_FEW = 8 };

struct fsv_json_name {
	struct fsv_str name;
	void *owner;
};

struct fsv_json_names {
	struct fsv_json_name few[FSV_JSON_NAMES_FEW];
	struct fsv_json_name *names;	/* all of them, once there are more than a few */
	uint32_t *slots;		/* index + 1, 0 = free */
	size_t n, cap;			/* slots: 2 * cap, a power of two */
};

static inline void fsv_json_names_init(struct fsv_json_names *s)
{
	s->n = s->cap = 0;
}

/* Owner of the name when it was met before; else NULL, and the name is remembered with the owner given (not NULL).
 * The text must outlive the set. */
void *fsv_json_names_add(struct fsv_json_names *s, struct fsv_str name, void *owner, struct fsv_arena *arena);

#endif
