/* SPDX-License-Identifier: Apache-2.0 */
/* Files and descriptors: whole-file reads with a limit, crash-safe replacement. */
#ifndef FSV_BASE_FD_H
#define FSV_BASE_FD_H

#include <stddef.h>
#include <sys/types.h>

#include "err.h"
#include "str.h"

/* Closes and returns -1; errors of close are of no use to anyone. Accepts -1. */
int fsv_close(int fd);

static inline void fsv_close_auto(int *fd)
{
	*fd = fsv_close(*fd);
}
#define FSV_AUTO_FD	__attribute__((cleanup(fsv_close_auto))) int

/* Reads a whole regular file of at most max bytes. *ret_data is the caller's (free), NUL-terminated
 * behind *ret_len bytes. -FSV_E_LIMIT above max, -EISDIR for folders. [any thread; blocks] */
int fsv_read_file(const char *path, size_t max, char **ret_data, size_t *ret_len,
		  struct fsv_err *err) FSV_MUST_CHECK;

/* Replaces a file so that a crash at any moment leaves the old or the new content: temporary file
 * beside it, fsync, rename, fsync of the folder. On failure the old file is untouched. [blocks] */
int fsv_write_file(const char *path, const void *data, size_t len, mode_t mode,
		   struct fsv_err *err) FSV_MUST_CHECK;

/* Writes all of it, across short writes and EINTR. 0 or -errno. */
int fsv_write_all(int fd, const void *data, size_t len) FSV_MUST_CHECK;

#endif
