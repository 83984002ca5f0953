/* SPDX-License-Identifier: Apache-2.0 */
/* top: what the daemons of this machine do right now, again and again. */
#include "ctl.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/time.h"
#include "daemons.h"

#define REQUESTS	"fate_serving_requests_total"
#define LATENCY		"fate_serving_request_seconds"

enum { LINES_MAX = 64 };

/* What happened between two pages. */
struct span {
	const struct fsv_scrape *now, *was;
	double seconds;
};

static double rate(const struct span *s, const char *name, const char *label, struct fsv_str value)
{
	return (fsv_scrape_sum(s->now, name, label, value) - fsv_scrape_sum(s->was, name, label, value)) / s->seconds;
}

static void put_ms(struct fsv_buf *out, double seconds)
{
	if (seconds < 0)
		fsv_buf_puts(out, "        -");
	else if (isinf(seconds))
		fsv_buf_puts(out, "  > 10 s ");
	else
		fsv_buf_printf(out, " %6g ms", seconds * 1000);
}

static double failed(const struct span *s, struct fsv_str hop)
{
	double n = 0;

	for (int sign = 1; sign >= -1; sign -= 2) {
		const struct fsv_scrape *page = sign > 0 ? s->now : s->was;

		for (size_t i = 0; i < page->n; i++) {
			const struct fsv_sample *m = &page->samples[i];

			if (fsv_str_is(m->name, REQUESTS) && fsv_str_eq(fsv_sample_label(m, "hop"), hop) &&
			    !fsv_str_is(fsv_sample_label(m, "code"), "0"))
				n += sign * m->value;
		}
	}
	return n / s->seconds;
}

static void put_hop(struct fsv_buf *out, const struct fsv_ctl_daemon *d, const struct span *s, struct fsv_str hop)
{
	fsv_buf_printf(out, "%-20s %-6.*s %9.1f %9.1f", d->unit, FSV_STR_ARG(hop), rate(s, REQUESTS, "hop", hop), failed(s, hop));
	put_ms(out, fsv_scrape_quantile(s->now, s->was, LATENCY, "hop", hop, 0.5));
	put_ms(out, fsv_scrape_quantile(s->now, s->was, LATENCY, "hop", hop, 0.99));
	fsv_buf_printf(out, " %8.0f %5.1f%% %6.1f MiB\n", fsv_scrape_total(s->now, "fate_serving_in_flight"),
		       100 * rate(s, "process_cpu_seconds_total", NULL, FSV_STR_NULL),
		       fsv_scrape_total(s->now, "process_resident_memory_bytes") / (1 << 20));
}

static void put_daemon(struct fsv_buf *out, const struct fsv_ctl_daemon *d, const struct span *s)
{
	struct fsv_str seen[LINES_MAX];
	unsigned n = 0, k;

	for (size_t i = 0; i < s->now->n && n < LINES_MAX; i++) {
		struct fsv_str hop = fsv_sample_label(&s->now->samples[i], "hop");

		if (!fsv_str_is(s->now->samples[i].name, REQUESTS))
			continue;
		for (k = 0; k < n && !fsv_str_eq(seen[k], hop); k++)
			;
		if (k < n)
			continue;
		seen[n++] = hop;
		put_hop(out, d, s, hop);
	}
	if (n == 0)
		put_hop(out, d, s, FSV_STR("-"));
}

/* One page of the difference between two looks. A daemon that was restarted in between begins anew. */
static void put_page(struct fsv_buf *out, const struct fsv_ctl_daemon *was, const struct fsv_ctl_daemon *now)
{
	static const struct fsv_scrape nothing;

	fsv_buf_puts(out, "DAEMON               DOOR   REQUEST/S  FAILED/S   HALF IN  99 % IN   FLIGHT    CPU   MEMORY\n");
	for (unsigned i = 0; i < FSV_CTL_DAEMONS; i++) {
		const char *start = "process_start_time_seconds";
		struct span s = { &now[i].page, &was[i].page, (double)(now[i].page.at - was[i].page.at) / 1e9 };

		if (!now[i].configured)
			continue;
		if (!now[i].answers || !was[i].answers || s.seconds <= 0) {
			fsv_buf_printf(out, "%-20s %s\n", now[i].unit, now[i].answers ? "has just come back" : now[i].fault.text);
			continue;
		}
		if (fsv_scrape_total(s.now, start) != fsv_scrape_total(s.was, start))
			s.was = &nothing;
		put_daemon(out, &now[i], &s);
	}
}

static void pause_for(double seconds)
{
	struct timespec ts = { .tv_sec = (time_t)seconds, .tv_nsec = (long)((seconds - floor(seconds)) * 1e9) };

	(void)nanosleep(&ts, NULL);	/* woken early, the span is shorter */
}

static int watch(const struct fsv_ctl_places *places, double interval, bool once)
{
	struct fsv_ctl_daemon looks[2][FSV_CTL_DAEMONS];
	struct fsv_arena arenas[2];
	int r = FSV_CTL_OK;

	fsv_arena_init(&arenas[0], 0);
	fsv_arena_init(&arenas[1], 0);
	fsv_ctl_look(places, &arenas[0], looks[0]);
	for (unsigned turn = 1; r == FSV_CTL_OK; turn++) {
		struct fsv_ctl_daemon *now = looks[turn % 2], *was = looks[(turn + 1) % 2];
		struct fsv_arena *arena = &arenas[turn % 2];
		struct fsv_buf out;

		pause_for(interval);
		fsv_arena_reset(arena);
		memcpy(now, was, sizeof(looks[0]));
		for (unsigned i = 0; i < FSV_CTL_DAEMONS; i++)
			fsv_ctl_look_again(&now[i], arena);
		fsv_buf_init(&out, arena, 0);
		if (!once)
			fsv_buf_puts(&out, "\033[H\033[J");
		put_page(&out, was, now);
		r = fsv_ctl_print(fsv_buf_str(&out));
		if (once)
			break;
	}
	fsv_arena_done(&arenas[0]);
	fsv_arena_done(&arenas[1]);
	return r;
}

int fsv_ctl_top(int argc, char **argv)
{
	static const struct option options[] = {
		FSV_CTL_PLACE_OPTIONS, { "once", no_argument, NULL, '1' }, { "interval", required_argument, NULL, 'i' },
		{ NULL, 0, NULL, 0 },
	};
	struct fsv_ctl_places places = { 0 };
	double interval = 1;
	bool once = false;
	char *end;
	int c;

	while ((c = getopt_long(argc, argv, "s:p:a:1i:", options, NULL)) != -1) {
		if (c == '1') {
			once = true;
		} else if (c == 'i') {
			interval = strtod(optarg, &end);
			if (*end || !(interval >= 0.1 && interval <= 3600))
				return fsv_ctl_usage("top: %s is no number of seconds from 0.1 to 3600", optarg);
		} else if (!fsv_ctl_place(&places, c, optarg)) {
			return FSV_CTL_USAGE;
		}
	}
	if (optind < argc)
		return fsv_ctl_usage("top: unexpected argument %s", argv[optind]);
	return watch(&places, interval, once);
}
