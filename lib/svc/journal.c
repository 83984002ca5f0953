/* SPDX-License-Identifier: Apache-2.0 */
#include "svc-private.h"

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "base/log.h"

enum { FIELDS_MAX = 10, SHORT = 192 };

static const char *syslog_identifier = "fate-serving";

struct fields {
	struct iovec iov[FIELDS_MAX];
	char text[FIELDS_MAX][SHORT];
	int n;
};

static void add(struct fields *f, const char *name, const char *value)
{
	int n;

	if (!value)
		return;
	n = snprintf(f->text[f->n], SHORT, "%s=%s", name, value);
	f->iov[f->n] = (struct iovec){ f->text[f->n], (size_t)(n < SHORT ? n : SHORT - 1) };
	f->n++;
}

static void journal_sink(int level, const struct fsv_log_tags *tags, const char *file, int line, const char *func,
			 const char *text)
{
	char message[2304], number[16];
	struct fields f = { .n = 1 };
	int n = snprintf(message, sizeof(message), "MESSAGE=%s", text);

	f.iov[0] = (struct iovec){ message, (size_t)n < sizeof(message) ? (size_t)n : sizeof(message) - 1 };
	snprintf(number, sizeof(number), "%d", level);
	add(&f, "PRIORITY", number);
	add(&f, "SYSLOG_IDENTIFIER", syslog_identifier);
	add(&f, "CODE_FILE", file);
	snprintf(number, sizeof(number), "%d", line);
	add(&f, "CODE_LINE", number);
	add(&f, "CODE_FUNC", func);
	if (tags) {
		add(&f, "CASE_ID", tags->case_id);
		add(&f, "SERVICE_ID", tags->service_id);
		add(&f, "PARTY_ID", tags->party_id);
	}
	(void)sd_journal_sendv(f.iov, f.n);	/* nobody left to tell */
}

/* The service manager names the journal's stream as "device:inode" when it connected our stderr to it. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char mine[64];
	struct stat st;

	if (!stream || fstat(STDERR_FILENO, &st) < 0)
		return false;
	snprintf(mine, sizeof(mine), "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	return strcmp(stream, mine) == 0;
}

void fsv_svc_log_open(unsigned target, const char *identifier)
{
	syslog_identifier = identifier;
	fsv_log_set_sink(target == 1 || (target == 0 && stderr_is_journal()) ? journal_sink : NULL);
}
