/* SPDX-License-Identifier: Apache-2.0 */
/* Choosing one of several providers: router modes, health, balance. */
#include "view.h"

#include "base/random.h"
#include "base/time.h"

static const char *const mode_names[] = {
	[FSV_ROUTER_ALL_ALLOWED] = "ALL_ALLOWED", [FSV_ROUTER_VERSION_BIGER] = "VERSION_BIGER",
	[FSV_ROUTER_VERSION_BIGTHAN_OR_EQUAL] = "VERSION_BIGTHAN_OR_EQUAL",
	[FSV_ROUTER_VERSION_SMALLER] = "VERSION_SMALLER", [FSV_ROUTER_VERSION_EQUALS] = "VERSION_EQUALS",
};

enum { SCAN_MAX = 256 };

enum fsv_router_mode fsv_router_mode_find(struct fsv_str name)
{
	if (fsv_str_is(name, mode_names[FSV_ROUTER_ALL_ALLOWED]))
		return FSV_ROUTER_ALL_ALLOWED;
	for (unsigned i = FSV_ROUTER_VERSION_BIGER; i < FSV_ROUTER_NONE; i++)
		if (fsv_str_caseeq(name, fsv_str(mode_names[i])))
			return i;
	return FSV_ROUTER_NONE;
}

const char *fsv_router_mode_name(enum fsv_router_mode mode)
{
	return mode < FSV_ROUTER_NONE ? mode_names[mode] : NULL;
}

/* c: the version that the consumer asks for. */
static bool passes(const struct fsv_provider *provider, int64_t c)
{
	int64_t p = provider->version;

	if (provider->mode == FSV_ROUTER_ALL_ALLOWED)
		return true;
	if (p == 0)
		return false;
	switch (provider->mode) {
	case FSV_ROUTER_VERSION_BIGER:
		return c > p;
	case FSV_ROUTER_VERSION_BIGTHAN_OR_EQUAL:
		return c >= p;
	case FSV_ROUTER_VERSION_SMALLER:
		return c < p;
	case FSV_ROUTER_VERSION_EQUALS:
		return c == p;
	default:
		return true;
	}
}

/* With equal weights, or none at all, every one is as likely as the other. */
static const struct fsv_provider *weighted(const struct fsv_provider **some, unsigned n, uint64_t draw)
{
	uint64_t sum = 0;
	bool equal = true;

	for (unsigned i = 0; i < n; i++) {
		sum += (uint64_t)some[i]->weight;
		equal = equal && some[i]->weight == some[0]->weight;
	}
	if (equal || sum == 0)
		return some[draw % n];
	draw %= sum;
	for (unsigned i = 0; i < n; i++) {
		if (draw < (uint64_t)some[i]->weight)
			return some[i];
		draw -= (uint64_t)some[i]->weight;
	}
	return some[n - 1];
}

static const struct fsv_provider *balance(const struct fsv_provider **some, unsigned n, enum fsv_balance how)
{
	static _Atomic uint64_t turn;

	if (n < 2)
		return n == 0 ? NULL : some[0];
	switch (how) {
	case FSV_BALANCE_RANDOM:
		return some[fsv_random64() % n];
	case FSV_BALANCE_ROUND_ROBIN:
		return some[atomic_fetch_add_explicit(&turn, 1, memory_order_relaxed) % n];
	case FSV_BALANCE_ROUND_ROBIN_WEIGHTED:
		return weighted(some, n, atomic_fetch_add_explicit(&turn, 1, memory_order_relaxed));
	default:
		return weighted(some, n, fsv_random64());
	}
}

struct fsv_node *fsv_providers_pick(const struct fsv_providers *providers, const struct fsv_pick *pick)
{
	const struct fsv_provider *good[SCAN_MAX], *bad[SCAN_MAX], *one;
	unsigned n_good = 0, n_bad = 0;
	unsigned from;

	if (!providers || providers->n == 0)
		return NULL;
	/* More than fit are looked at from another place each time. */
	from = providers->n > SCAN_MAX ? (unsigned)(fsv_random64() % providers->n) : 0;
	for (unsigned i = 0; i < providers->n && i < SCAN_MAX; i++) {
		const struct fsv_provider *p = &providers->all[(from + i) % providers->n];

		if (p->node == pick->not_this || (pick->version != 0 && !passes(p, pick->version)))
			continue;
		if (fsv_node_bad(p->node))
			bad[n_bad++] = p;
		else
			good[n_good++] = p;
	}
	one = balance(good, n_good, pick->balance);
	if (!one && !pick->healthy)
		one = balance(bad, n_bad, pick->balance);
	return one ? one->node : NULL;
}

bool fsv_providers_others(const struct fsv_providers *providers, const struct fsv_node *node)
{
	for (unsigned i = 0; i < providers->n && i < SCAN_MAX; i++)
		if (providers->all[i].node != node && !fsv_node_bad(providers->all[i].node))
			return true;
	return false;
}
