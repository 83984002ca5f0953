/* SPDX-License-Identifier: Apache-2.0 */
#include "throttle.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"

enum { N_KEYS = 3, KEY_MAX = 160 };

struct count {
	unsigned failures;
	int64_t last;
};

struct fsv_throttle {
	struct fsv_map counts;		/* struct count */
	struct fsv_throttle_limits limits;
};

/* Times the limit, by kind of key. */
static const unsigned factor[N_KEYS] = { 1, 4, 20 };

struct fsv_throttle *fsv_throttle_new(void)
{
	struct fsv_throttle *throttle = FSV_NEW(struct fsv_throttle);

	fsv_map_init(&throttle->counts);
	return throttle;
}

struct fsv_throttle *fsv_throttle_free(struct fsv_throttle *throttle)
{
	if (!throttle)
		return NULL;
	for (size_t i = 0; i < throttle->counts.n; i++)
		free(throttle->counts.entries[i].value);
	fsv_map_done(&throttle->counts);
	free(throttle);
	return NULL;
}

void fsv_throttle_limit(struct fsv_throttle *throttle, const struct fsv_throttle_limits *limits)
{
	throttle->limits = *limits;
}

/* Names may be longer than any account's; what is cut off tells nobody apart. */
static void make_keys(struct fsv_str user, struct fsv_str peer, char keys[N_KEYS][KEY_MAX])
{
	struct fsv_str name = fsv_str_sub(user, 0, 64), from = fsv_str_sub(peer, 0, 64);

	snprintf(keys[0], KEY_MAX, "b %.*s %.*s", FSV_STR_ARG(from), FSV_STR_ARG(name));
	snprintf(keys[1], KEY_MAX, "p %.*s", FSV_STR_ARG(from));
	snprintf(keys[2], KEY_MAX, "u %.*s", FSV_STR_ARG(name));
}

int64_t fsv_throttle_wait(const struct fsv_throttle *throttle, struct fsv_str user, struct fsv_str peer, int64_t now)
{
	char keys[N_KEYS][KEY_MAX];
	int64_t longest = 0;

	make_keys(user, peer, keys);
	for (unsigned i = 0; i < N_KEYS; i++) {
		const struct count *count = fsv_map_get(&throttle->counts, fsv_str(keys[i]));

		if (count && count->failures >= throttle->limits.failures * factor[i] &&
		    count->last + throttle->limits.lockout_ns - now > longest)
			longest = count->last + throttle->limits.lockout_ns - now;
	}
	return longest;
}

static void drop_oldest(struct fsv_throttle *throttle)
{
	size_t oldest = 0;

	for (size_t i = 1; i < throttle->counts.n; i++)
		if (((struct count *)throttle->counts.entries[i].value)->last <
		    ((struct count *)throttle->counts.entries[oldest].value)->last)
			oldest = i;
	free(fsv_map_del(&throttle->counts, throttle->counts.entries[oldest].key));
}

void fsv_throttle_failed(struct fsv_throttle *throttle, struct fsv_str user, struct fsv_str peer, int64_t now)
{
	char keys[N_KEYS][KEY_MAX];

	make_keys(user, peer, keys);
	for (unsigned i = 0; i < N_KEYS; i++) {
		struct count *count = fsv_map_get(&throttle->counts, fsv_str(keys[i]));

		if (!count) {
			if (throttle->counts.n >= throttle->limits.tracked)
				drop_oldest(throttle);
			count = FSV_NEW(struct count);
			(void)fsv_map_put(&throttle->counts, fsv_str(keys[i]), count);
		} else if (count->last + throttle->limits.lockout_ns <= now) {
			count->failures = 0;
		}
		count->failures++;
		count->last = now;
	}
}

void fsv_throttle_passed(struct fsv_throttle *throttle, struct fsv_str user, struct fsv_str peer)
{
	char keys[N_KEYS][KEY_MAX];

	make_keys(user, peer, keys);
	free(fsv_map_del(&throttle->counts, fsv_str(keys[0])));
	for (unsigned i = 1; i < N_KEYS; i++) {
		struct count *count = fsv_map_get(&throttle->counts, fsv_str(keys[i]));

		if (count && --count->failures == 0)
			free(fsv_map_del(&throttle->counts, fsv_str(keys[i])));
	}
}
