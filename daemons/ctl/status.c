/* SPDX-License-Identifier: Apache-2.0 */
/* status: the daemons of this machine on one page. */
#include "ctl.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "capture.h"
#include "codec/json.h"
#include "daemons.h"

#define REQUESTS	"fate_serving_requests_total"
#define LATENCY		"fate_serving_request_seconds"
#define PARTNERS	"fate_serving_partner_requests_total"

enum { RECENT_MIN = 10, LINES_SHOWN = 5, NAMES_MAX = 64 };

struct page {
	struct fsv_ctl_daemon daemons[FSV_CTL_DAEMONS];
	struct fsv_buf journal;		/* lines of the last minutes, warnings and worse */
	bool has_journal;
	bool colour;
};

/* Words ------------------------------------------------------------------------------------------- */

static void put_age(struct fsv_buf *out, double seconds)
{
	long s = (long)seconds;

	if (s < 120)
		fsv_buf_printf(out, "%ld s", s);
	else if (s < 2 * 3600)
		fsv_buf_printf(out, "%ld min", s / 60);
	else if (s < 2 * 86400)
		fsv_buf_printf(out, "%ld h %ld min", s / 3600, s / 60 % 60);
	else
		fsv_buf_printf(out, "%ld days", s / 86400);
}

static void put_duration(struct fsv_buf *out, double seconds)
{
	if (isinf(seconds))
		fsv_buf_puts(out, "more than 10 s");
	else if (seconds < 1)
		fsv_buf_printf(out, "%g ms", seconds * 1000);
	else
		fsv_buf_printf(out, "%g s", seconds);
}

/* Distinct values of a label, in the page's order. */
static unsigned values_of(const struct fsv_scrape *s, const char *name, const char *label, struct fsv_str *out)
{
	unsigned n = 0, k;

	for (size_t i = 0; i < s->n && n < NAMES_MAX; i++) {
		struct fsv_str v = fsv_sample_label(&s->samples[i], label);

		if (!fsv_str_is(s->samples[i].name, name) || !v.p)
			continue;
		for (k = 0; k < n && !fsv_str_eq(out[k], v); k++)
			;
		if (k == n)
			out[n++] = v;
	}
	return n;
}

static double sum_of_two(const struct fsv_scrape *s, const char *name, const char *l1, struct fsv_str v1, const char *l2,
			 struct fsv_str v2)
{
	double sum = 0;

	for (size_t i = 0; i < s->n; i++)
		if (fsv_str_is(s->samples[i].name, name) && fsv_str_eq(fsv_sample_label(&s->samples[i], l1), v1) &&
		    fsv_str_eq(fsv_sample_label(&s->samples[i], l2), v2))
			sum += s->samples[i].value;
	return sum;
}

static struct fsv_str version_of(const struct fsv_scrape *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (fsv_str_is(s->samples[i].name, "fate_serving_build_info"))
			return fsv_sample_label(&s->samples[i], "version");
	return FSV_STR_NULL;
}

static double age_of(const struct fsv_scrape *s)
{
	double age = (double)fsv_wall_ms() / 1000 - fsv_scrape_total(s, "process_start_time_seconds");

	return age > 0 ? age : 0;
}

/* For people -------------------------------------------------------------------------------------- */

static void put_requests(struct fsv_buf *out, const struct fsv_scrape *s)
{
	struct fsv_str services[NAMES_MAX], hops[NAMES_MAX];
	unsigned n_hops = values_of(s, REQUESTS, "hop", hops), n;

	for (unsigned h = 0; h < n_hops; h++) {
		double all = fsv_scrape_sum(s, REQUESTS, "hop", hops[h]);
		double failed = all - sum_of_two(s, REQUESTS, "hop", hops[h], "code", FSV_STR("0"));
		double p50 = fsv_scrape_quantile(s, NULL, LATENCY, "hop", hops[h], 0.5);
		double p99 = fsv_scrape_quantile(s, NULL, LATENCY, "hop", hops[h], 0.99);

		fsv_buf_printf(out, "    %-8.*s %.0f requests, %.0f failed; half within ", FSV_STR_ARG(hops[h]), all, failed);
		put_duration(out, p50);
		fsv_buf_puts(out, ", 99 % within ");
		put_duration(out, p99);
		fsv_buf_putc(out, '\n');
	}
	n = values_of(s, PARTNERS, "party", services);
	for (unsigned i = 0; i < n; i++) {
		double all = fsv_scrape_sum(s, PARTNERS, "party", services[i]);
		double ok = sum_of_two(s, PARTNERS, "party", services[i], "status", FSV_STR("OK"));

		fsv_buf_printf(out, "    party %.*s: %.0f packets, %.0f without an answer\n", FSV_STR_ARG(services[i]), all, all - ok);
	}
}

/* What other modules show of themselves under such a name. */
static void put_family(struct fsv_buf *out, const struct fsv_scrape *s, const char *family)
{
	struct fsv_str head = fsv_str(family);

	for (size_t i = 0; i < s->n; i++) {
		const struct fsv_sample *m = &s->samples[i];

		if (!fsv_str_starts(m->name, head) || fsv_str_ends(m->name, FSV_STR("_bucket")))
			continue;
		fsv_buf_printf(out, "    %.*s", FSV_STR_ARG(fsv_str_sub(m->name, strlen("fate_serving_"), m->name.n)));
		for (unsigned k = 0; k < m->n_labels; k++)
			fsv_buf_printf(out, " %.*s", FSV_STR_ARG(m->values[k]));
		fsv_buf_printf(out, ": %g\n", m->value);
	}
}

static void put_daemon(struct fsv_buf *out, const struct page *p, const struct fsv_ctl_daemon *d)
{
	const char *bold = p->colour ? "\033[1m" : "", *red = p->colour ? "\033[31m" : "", *end = p->colour ? "\033[0m" : "";
	const struct fsv_scrape *s = &d->page;

	fsv_buf_printf(out, "%s%s%s  ", bold, d->unit, end);
	if (d->state[0])
		fsv_buf_printf(out, "%s, ", d->state);
	if (!d->answers) {
		fsv_buf_printf(out, "%sno answer%s: %s\n", red, end, d->fault.text);
		return;
	}
	fsv_buf_printf(out, "%s%.*s, up ", fsv_scrape_total(s, "fate_serving_draining") > 0 ? "being stopped, " : "",
		       FSV_STR_ARG(version_of(s)));
	put_age(out, age_of(s));
	if (d->pid[0] && strcmp(d->pid, "0") != 0)
		fsv_buf_printf(out, ", pid %s", d->pid);
	if (d->restarts[0] && strcmp(d->restarts, "0") != 0)
		fsv_buf_printf(out, ", %srestarted %s times after failures%s", red, d->restarts, end);
	fsv_buf_printf(out, "\n    %.0f in flight; %.1f MiB; configuration %s\n", fsv_scrape_total(s, "fate_serving_in_flight"),
		       fsv_scrape_total(s, "process_resident_memory_bytes") / (1 << 20), d->file);
	if (strstr(d->unit, "server"))
		fsv_buf_printf(out, "    %.0f models, %.0f service ids bound\n", fsv_scrape_total(s, "fate_serving_models"),
			       fsv_scrape_total(s, "fate_serving_bound_services"));
	else if (strstr(d->unit, "admin"))
		fsv_buf_printf(out, "    %.0f nodes, %.0f sessions\n", fsv_scrape_total(s, "fate_serving_admin_nodes"),
			       fsv_scrape_total(s, "fate_serving_admin_sessions"));
	else
		fsv_buf_printf(out, "    routes to %.0f parties over %.0f endpoints%s\n",
			       fsv_scrape_total(s, "fate_serving_route_parties"), fsv_scrape_total(s, "fate_serving_route_endpoints"),
			       fsv_scrape_total(s, "fate_serving_route_table_broken") > 0 ? "; the newest table is broken" : "");
	put_family(out, s, "fate_serving_registry_");
	put_requests(out, s);
}

static void put_journal(struct fsv_buf *out, struct page *p)
{
	struct fsv_str all = fsv_buf_str(&p->journal);
	unsigned n = 0, i = 0;

	for (size_t k = 0; k < all.n; k++)
		n += all.p[k] == '\n';
	fsv_buf_printf(out, "warnings and errors of the last %d minutes: %u\n", RECENT_MIN, n);
	for (size_t from = 0; from < all.n; i++) {
		size_t end = fsv_str_find(all, '\n', from);

		if (i + LINES_SHOWN >= n)	/* the newest */
			fsv_buf_printf(out, "    %.*s\n", FSV_STR_ARG(fsv_str_sub(all, from, end)));
		from = end + 1;
	}
}

static void put_counted(struct fsv_buf *out, const struct page *p)
{
	double errors = 0, warnings = 0;

	for (unsigned i = 0; i < FSV_CTL_DAEMONS; i++) {
		errors += fsv_scrape_sum(&p->daemons[i].page, "fate_serving_log_lines_total", "level", FSV_STR("err"));
		warnings += fsv_scrape_sum(&p->daemons[i].page, "fate_serving_log_lines_total", "level", FSV_STR("warning"));
	}
	fsv_buf_printf(out, "since they were started: %.0f errors, %.0f warnings in the logs\n", errors, warnings);
}

static void put_text(struct fsv_buf *out, struct page *p)
{
	bool any = false;

	for (unsigned i = 0; i < FSV_CTL_DAEMONS; i++) {
		if (!p->daemons[i].configured)
			continue;
		put_daemon(out, p, &p->daemons[i]);
		any = true;
	}
	if (!any)
		fsv_buf_puts(out, "no daemon is configured on this machine\n");
	else if (p->has_journal)
		put_journal(out, p);
	else
		put_counted(out, p);
}

/* For programs ------------------------------------------------------------------------------------ */

static void kv_number(struct fsv_jsonw *w, const char *key, double v)
{
	fsv_jsonw_key(w, fsv_str(key));
	if (v == floor(v) && fabs(v) < 1e15)
		fsv_jsonw_int(w, (int64_t)v);
	else
		fsv_jsonw_double(w, v);
}

/* Every sample of ours: [{"name":…,"labels":{…},"value":…}]. */
static void json_metrics(struct fsv_jsonw *w, const struct fsv_scrape *s)
{
	fsv_jsonw_key(w, FSV_STR("metrics"));
	fsv_jsonw_begin(w, '[');
	for (size_t i = 0; i < s->n; i++) {
		const struct fsv_sample *m = &s->samples[i];

		if (fsv_str_ends(m->name, FSV_STR("_bucket")))
			continue;
		fsv_jsonw_begin(w, '{');
		fsv_jsonw_kv_str(w, "name", m->name);
		fsv_jsonw_key(w, FSV_STR("labels"));
		fsv_jsonw_begin(w, '{');
		for (unsigned k = 0; k < m->n_labels; k++) {
			fsv_jsonw_key(w, m->labels[k]);
			fsv_jsonw_str(w, m->values[k]);
		}
		fsv_jsonw_end(w, '}');
		kv_number(w, "value", m->value);
		fsv_jsonw_end(w, '}');
	}
	fsv_jsonw_end(w, ']');
}

static void json_daemon(struct fsv_jsonw *w, const struct fsv_ctl_daemon *d)
{
	const struct fsv_scrape *s = &d->page;

	fsv_jsonw_begin(w, '{');
	fsv_jsonw_kv_str(w, "daemon", fsv_str(d->unit));
	fsv_jsonw_kv_str(w, "configuration", fsv_str(d->file));
	if (d->state[0])
		fsv_jsonw_kv_str(w, "state", fsv_str(d->state));
	fsv_jsonw_key(w, FSV_STR("answers"));
	fsv_jsonw_bool(w, d->answers);
	if (d->answers) {
		fsv_jsonw_kv_str(w, "version", version_of(s));
		kv_number(w, "uptimeSeconds", floor(age_of(s)));
		kv_number(w, "inFlight", fsv_scrape_total(s, "fate_serving_in_flight"));
		json_metrics(w, s);
	} else {
		fsv_jsonw_kv_str(w, "fault", fsv_str(d->fault.text));
	}
	fsv_jsonw_end(w, '}');
}

static void put_json(struct fsv_buf *out, struct page *p)
{
	struct fsv_str all = fsv_buf_str(&p->journal);
	struct fsv_jsonw w;

	fsv_jsonw_init(&w, out);
	fsv_jsonw_begin(&w, '{');
	fsv_jsonw_key(&w, FSV_STR("daemons"));
	fsv_jsonw_begin(&w, '[');
	for (unsigned i = 0; i < FSV_CTL_DAEMONS; i++)
		if (p->daemons[i].configured)
			json_daemon(&w, &p->daemons[i]);
	fsv_jsonw_end(&w, ']');
	if (p->has_journal) {
		fsv_jsonw_key(&w, FSV_STR("recentWarnings"));
		fsv_jsonw_begin(&w, '[');
		for (size_t from = 0; from < all.n;) {
			size_t end = fsv_str_find(all, '\n', from);

			fsv_jsonw_str(&w, fsv_str_sub(all, from, end));
			from = end + 1;
		}
		fsv_jsonw_end(&w, ']');
	}
	fsv_jsonw_end(&w, '}');
	fsv_buf_putc(out, '\n');
}

/* The command ------------------------------------------------------------------------------------- */

static void read_journal(struct page *p)
{
	const char *const argv[] = {
		"journalctl", "--no-pager", "-q", "-p", "warning", "--since", "-10min", "-o", "short", "-u", "fate-serving-*", NULL,
	};
	struct fsv_err err;

	_Static_assert(RECENT_MIN == 10, "as in the argument above");
	p->has_journal = fsv_ctl_capture(argv, &p->journal, &err) == 0;
}

static int exit_status(const struct page *p)
{
	unsigned n = 0;

	for (unsigned i = 0; i < FSV_CTL_DAEMONS; i++) {
		n += p->daemons[i].configured;
		if (p->daemons[i].configured && !p->daemons[i].answers)
			return FSV_CTL_FAILURE;
	}
	return n > 0 ? FSV_CTL_OK : FSV_CTL_FAILURE;
}

int fsv_ctl_status(int argc, char **argv)
{
	static const struct option options[] = {
		FSV_CTL_PLACE_OPTIONS, { "json", no_argument, NULL, 'j' }, { NULL, 0, NULL, 0 },
	};
	struct fsv_ctl_places places = { 0 };
	struct page page = { .colour = isatty(STDOUT_FILENO) };
	struct fsv_arena arena;
	struct fsv_buf out;
	bool json = false;
	int c, r;

	while ((c = getopt_long(argc, argv, "s:p:a:j", options, NULL)) != -1) {
		if (c == 'j')
			json = true;
		else if (!fsv_ctl_place(&places, c, optarg))
			return FSV_CTL_USAGE;
	}
	if (optind < argc)
		return fsv_ctl_usage("status: unexpected argument %s", argv[optind]);
	fsv_arena_init(&arena, 0);
	fsv_buf_init(&page.journal, &arena, 1 << 20);
	fsv_ctl_look(&places, &arena, page.daemons);
	if (!places.given)
		read_journal(&page);
	fsv_buf_init(&out, &arena, 0);
	(json ? put_json : put_text)(&out, &page);
	r = fsv_ctl_print(fsv_buf_str(&out));
	if (r == FSV_CTL_OK)
		r = exit_status(&page);
	fsv_arena_done(&arena);
	return r;
}
