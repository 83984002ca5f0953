/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"

int fsv_ctl_fail(const struct fsv_err *err)
{
	fprintf(stderr, "fate-servingctl: %s\n", err->text);
	return FSV_CTL_FAILURE;
}

static void FSV_PRINTF(1, 0) message(const char *fmt, va_list ap)
{
	fputs("fate-servingctl: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

int fsv_ctl_usage(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(fmt, ap);
	va_end(ap);
	fputs("try fate-servingctl --help\n", stderr);
	return FSV_CTL_USAGE;
}

void fsv_ctl_note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(fmt, ap);
	va_end(ap);
}

int fsv_ctl_print(struct fsv_str text)
{
	if (fwrite(text.p ? text.p : "", 1, text.n, stdout) == text.n && fflush(stdout) == 0)
		return FSV_CTL_OK;
	fsv_ctl_note("standard output cannot be written");
	return FSV_CTL_FAILURE;
}

int fsv_ctl_write(const char *path, struct fsv_str data, bool force, struct fsv_err *err)
{
	int e, fd;

	if (force)
		return fsv_write_file(path, data.p, data.n, 0640, err);
	/* The name is taken first, so that two of us cannot both find it free. */
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (fd == -1 && errno == EEXIST)
		return fsv_err_set(err, -EEXIST, "%s exists; --force replaces it", path);
	if (fd == -1)
		return fsv_err_errno(err, errno, "%s cannot be made", path);
	(void)fsv_close(fd);
	e = fsv_write_file(path, data.p, data.n, 0640, err);
	if (e < 0)
		(void)unlink(path);	/* empty; the fault above is what counts */
	return e;
}
