/* SPDX-License-Identifier: Apache-2.0 */
/* trace: what all daemons logged of one request. */
#include "ctl.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/fd.h"
#include "base/mem.h"
#include "capture.h"
#include "codec/json.h"

enum { JOURNAL_MAX = 64 << 20, LOG_MAX = 1 << 30, LOGS_MAX = 32, CASE_MAX = 128 };

struct trace {
	struct fsv_str case_id;
	struct fsv_arena arena;
	struct fsv_buf out;
	unsigned n;
	int status;
};

/* The journal ------------------------------------------------------------------------------------- */

static void put_time(struct fsv_buf *out, struct fsv_str microseconds)
{
	char text[32];
	int64_t us;
	time_t s;
	struct tm tm;

	if (!fsv_str_to_i64(microseconds, &us))
		us = 0;
	s = (time_t)(us / 1000000);
	localtime_r(&s, &tm);
	strftime(text, sizeof(text), "%F %T", &tm);
	fsv_buf_printf(out, "%s.%06d", text, (int)(us % 1000000));
}

static void put_fields(struct trace *t, const struct fsv_json_node *line)
{
	static const char *const fields[][2] = { { "SERVICE_ID", "service" }, { "PARTY_ID", "party" } };

	for (unsigned i = 0; i < 2; i++) {
		struct fsv_str value = fsv_json_get_str(line, fields[i][0]);

		if (value.n > 0)
			fsv_buf_printf(&t->out, " [%s %.*s]", fields[i][1], FSV_STR_ARG(value));
	}
}

static void put_line(struct trace *t, struct fsv_str json)
{
	struct fsv_json_node *line;
	struct fsv_err err;

	if (fsv_json_parse(json, &t->arena, true, &line, &err) < 0)
		return;		/* a line with bytes that are no text; others tell the rest */
	put_time(&t->out, fsv_json_get_str(line, "__REALTIME_TIMESTAMP"));
	fsv_buf_printf(&t->out, "  %.*s %-19.*s  %.*s", FSV_STR_ARG(fsv_json_get_str(line, "_HOSTNAME")),
		       FSV_STR_ARG(fsv_json_get_str(line, "SYSLOG_IDENTIFIER")), FSV_STR_ARG(fsv_json_get_str(line, "MESSAGE")));
	put_fields(t, line);
	fsv_buf_putc(&t->out, '\n');
	t->n++;
}

static int from_journal(struct trace *t, const char *directory, const char *since)
{
	const char *match = fsv_arena_printf(&t->arena, "CASE_ID=%.*s", FSV_STR_ARG(t->case_id));
	const char *argv[12] = { "journalctl", "--no-pager", "-q", "-o", "json", match };
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_str all;
	struct fsv_buf lines;
	unsigned n = 6;
	int r;

	if (directory) {
		argv[n++] = "--directory";
		argv[n++] = directory;
	}
	if (since) {
		argv[n++] = "--since";
		argv[n++] = since;
	}
	fsv_buf_init(&lines, &t->arena, JOURNAL_MAX);
	r = fsv_ctl_capture(argv, &lines, &err);
	if (r > 0)
		fsv_err_set(&err, FSV_E_SYSTEM, "journalctl ended with status %d; may you read the journal?", r);
	if (r != 0)
		return fsv_ctl_fail(&err);
	all = fsv_buf_str(&lines);
	for (size_t from = 0; from < all.n;) {
		size_t end = fsv_str_find(all, '\n', from);

		put_line(t, fsv_str_sub(all, from, end));
		from = end + 1;
	}
	return FSV_CTL_OK;
}

/* Log files --------------------------------------------------------------------------------------- */

/* Lines of standard error begin with "<N>"; they have no time, so files stay apart and lines in order. */
static void from_text(struct trace *t, const char *name, struct fsv_str all)
{
	for (size_t from = 0; from < all.n;) {
		size_t end = fsv_str_find(all, '\n', from);
		struct fsv_str line = fsv_str_sub(all, from, end);

		from = end + 1;
		if (line.n == 0 || !memmem(line.p, line.n, t->case_id.p, t->case_id.n))
			continue;
		if (line.n > 3 && line.p[0] == '<' && line.p[2] == '>')
			line = fsv_str_sub(line, 3, line.n);
		fsv_buf_printf(&t->out, "%s: %.*s\n", name, FSV_STR_ARG(line));
		t->n++;
	}
}

static int from_file(struct trace *t, const char *path)
{
	FSV_AUTO_MEM char *text = NULL;
	struct fsv_err err;
	size_t n;

	if (fsv_read_file(path, LOG_MAX, &text, &n, &err) < 0)
		return fsv_ctl_fail(&err);
	from_text(t, path, fsv_str_n(text, n));
	return FSV_CTL_OK;
}

/* The command ------------------------------------------------------------------------------------- */

struct sources {
	const char *logs[LOGS_MAX];
	unsigned n_logs;
	const char *directory, *since;
};

static bool take_option(struct sources *s, int c)
{
	switch (c) {
	case 'l':
		if (s->n_logs == LOGS_MAX)
			return false;
		s->logs[s->n_logs++] = optarg;
		return true;
	case 'D':
		s->directory = optarg;
		return true;
	case 'S':
		s->since = optarg;
		return true;
	default:
		return false;
	}
}

static int run(struct trace *t, const struct sources *s)
{
	int r = FSV_CTL_OK;

	for (unsigned i = 0; i < s->n_logs && r == FSV_CTL_OK; i++)
		r = from_file(t, s->logs[i]);
	if (s->n_logs == 0)
		r = from_journal(t, s->directory, s->since);
	if (r == FSV_CTL_OK)
		r = fsv_ctl_print(fsv_buf_str(&t->out));
	if (r == FSV_CTL_OK && t->n == 0) {
		fsv_ctl_note("no line of case %.*s; requests that succeed are logged with log.level: debug only",
			     FSV_STR_ARG(t->case_id));
		r = FSV_CTL_FAILURE;
	}
	return r;
}

int fsv_ctl_trace(int argc, char **argv)
{
	static const struct option options[] = {
		{ "log", required_argument, NULL, 'l' }, { "directory", required_argument, NULL, 'D' },
		{ "since", required_argument, NULL, 'S' }, { NULL, 0, NULL, 0 },
	};
	struct sources s = { .n_logs = 0 };
	struct trace t = { .n = 0 };
	int c, r;

	while ((c = getopt_long(argc, argv, "l:D:S:", options, NULL)) != -1)
		if (!take_option(&s, c))
			return c == 'l' ? fsv_ctl_usage("trace: at most %d files", LOGS_MAX) : FSV_CTL_USAGE;
	if (optind + 1 != argc || !*argv[optind] || strlen(argv[optind]) > CASE_MAX)
		return fsv_ctl_usage("trace: give one case id, of at most %d characters", CASE_MAX);
	t.case_id = fsv_str(argv[optind]);
	fsv_arena_init(&t.arena, 0);
	fsv_buf_init(&t.out, &t.arena, 0);
	r = run(&t, &s);
	fsv_arena_done(&t.arena);
	return r;
}
