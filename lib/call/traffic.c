/* SPDX-License-Identifier: Apache-2.0 */
#include "traffic.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/mem.h"
#include "codec/json.h"

enum { SLOTS = FSV_TRAFFIC_RESOURCES * 2, RECORDS_MAX = 300 };

/* Whoever comes first in a second empties the numbers of the one before that had this place. What is counted by
 * others in the very moment may be lost, which a chart does not show. */
struct second {
	_Atomic uint32_t second;
	_Atomic uint32_t n[FSV_TRAFFIC_KINDS];
};

struct resource {
	char *name;
	uint64_t hash;
	bool model;
	uint32_t since;			/* second */
	struct second seconds[FSV_TRAFFIC_SECONDS];
};

struct fsv_traffic {
	_Atomic unsigned n;
	_Atomic(struct resource *) slots[SLOTS];	/* only ever filled */
};

struct fsv_traffic *fsv_traffic_new(void)
{
	return FSV_NEW(struct fsv_traffic);
}

static void resource_free(struct resource *r)
{
	free(r->name);
	free(r);
}

struct fsv_traffic *fsv_traffic_free(struct fsv_traffic *traffic)
{
	for (size_t i = 0; traffic && i < SLOTS; i++) {
		struct resource *r = atomic_load_explicit(&traffic->slots[i], memory_order_relaxed);

		if (r)
			resource_free(r);
	}
	free(traffic);
	return NULL;
}

static bool is(const struct resource *r, bool model, struct fsv_str name, uint64_t hash)
{
	return r->hash == hash && r->model == model && fsv_str_is(name, r->name);
}

static struct resource *resource_new(bool model, struct fsv_str name, uint64_t hash, uint32_t second)
{
	struct resource *r = FSV_NEW(struct resource);

	*r = (struct resource){ .name = fsv_str_dup(name), .hash = hash, .model = model, .since = second };
	return r;
}

static struct resource *find(struct fsv_traffic *traffic, bool model, struct fsv_str name, uint32_t second)
{
	uint64_t hash = fsv_str_hash(name);
	struct resource *mine = NULL;

	for (size_t at = hash % SLOTS;; at = (at + 1) % SLOTS) {
		struct resource *r = atomic_load_explicit(&traffic->slots[at], memory_order_acquire);

		if (!r && !mine) {
			if (atomic_fetch_add_explicit(&traffic->n, 1, memory_order_relaxed) >= FSV_TRAFFIC_RESOURCES) {
				atomic_fetch_sub_explicit(&traffic->n, 1, memory_order_relaxed);
				return NULL;
			}
			mine = resource_new(model, name, hash, second);
		}
		if (!r && atomic_compare_exchange_strong(&traffic->slots[at], &r, mine))
			return mine;
		if (is(r, model, name, hash)) {
			if (mine) {
				atomic_fetch_sub_explicit(&traffic->n, 1, memory_order_relaxed);
				resource_free(mine);
			}
			return r;
		}
	}
}

void fsv_traffic_count(struct fsv_traffic *traffic, bool model, struct fsv_str name, enum fsv_traffic_what what,
		       unsigned n, int64_t wall_ms)
{
	uint32_t now = (uint32_t)(wall_ms / 1000), was;
	struct resource *r = find(traffic, model, name, now);
	struct second *s;

	if (!r || n == 0)
		return;
	s = &r->seconds[now % FSV_TRAFFIC_SECONDS];
	was = atomic_load_explicit(&s->second, memory_order_relaxed);
	if (was != now && atomic_compare_exchange_strong(&s->second, &was, now))
		for (unsigned i = 0; i < FSV_TRAFFIC_KINDS; i++)
			atomic_store_explicit(&s->n[i], 0, memory_order_relaxed);
	atomic_fetch_add_explicit(&s->n[what], n, memory_order_relaxed);
}

/* Showing ------------------------------------------------------------------------------------------------ */

static void show(struct resource *r, uint32_t second, struct fsv_jsonw *w)
{
	static const char *const names[FSV_TRAFFIC_KINDS] = { "passQps", "blockQps", "successQps", "exceptionQps" };
	struct second *s = &r->seconds[second % FSV_TRAFFIC_SECONDS];
	bool any = atomic_load_explicit(&s->second, memory_order_relaxed) == second;
	struct fsv_buf name;

	fsv_jsonw_begin(w, '{');
	fsv_jsonw_kv_int(w, "timestamp", (int64_t)second * 1000);
	for (unsigned i = 0; i < FSV_TRAFFIC_KINDS; i++)
		fsv_jsonw_kv_int(w, names[i], any ? atomic_load_explicit(&s->n[i], memory_order_relaxed) : 0);
	fsv_jsonw_kv_int(w, "rt", 0);
	fsv_jsonw_kv_int(w, "occupiedPassQps", 0);
	fsv_buf_init(&name, NULL, 0);
	fsv_buf_printf(&name, "%s%s", r->model ? "M_" : "", r->name);
	fsv_jsonw_kv_str(w, "resource", fsv_buf_str(&name));
	fsv_buf_done(&name);
	fsv_jsonw_end(w, '}');
}

static bool wanted(const struct resource *r, const struct fsv_traffic_query *q)
{
	if (r->model != q->model)
		return false;
	if (fsv_str_blank(q->source))
		return !q->model;
	if (!q->model)
		return fsv_str_is(q->source, r->name);
	return q->source.n > 2 && memcmp(q->source.p, "M_", 2) == 0 && fsv_str_is(fsv_str_sub(q->source, 2, q->source.n), r->name);
}

/* Second by second, as the reference's file has them. Of all interfaces at most so many records, but whole seconds. */
static size_t show_all(struct fsv_traffic *traffic, const struct fsv_traffic_query *q, int64_t from, int64_t to,
		       struct fsv_jsonw *w)
{
	bool all = fsv_str_blank(q->source);
	size_t n = 0;

	for (int64_t second = from; second <= to && !(all && n >= RECORDS_MAX); second++)
		for (size_t i = 0; i < SLOTS; i++) {
			struct resource *r = atomic_load_explicit(&traffic->slots[i], memory_order_acquire);

			if (!r || r->since > second || !wanted(r, q))
				continue;
			show(r, (uint32_t)second, w);
			n++;
		}
	return n;
}

void fsv_traffic_show(struct fsv_traffic *traffic, const struct fsv_traffic_query *q, int64_t now_ms, struct fsv_buf *out)
{
	int64_t last = now_ms / 1000 - 1, oldest = last - FSV_TRAFFIC_SECONDS + 2;
	int64_t from = q->begin_ms / 1000, to = q->end_ms / 1000;
	struct fsv_jsonw w;

	if (from > last || atomic_load_explicit(&traffic->n, memory_order_relaxed) == 0)
		return;
	if (from < oldest)
		from = oldest;
	if (fsv_str_blank(q->source) || to > last)
		to = last;
	fsv_jsonw_init(&w, out);
	fsv_jsonw_begin(&w, '[');
	(void)show_all(traffic, q, from, to, &w);
	fsv_jsonw_end(&w, ']');
}
