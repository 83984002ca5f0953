/* SPDX-License-Identifier: Apache-2.0 */
#include "fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mem.h"

int fsv_close(int fd)
{
	if (fd >= 0)
		(void)close(fd);	/* the data's fate was decided by fsync */
	return -1;
}

int fsv_read_file(const char *path, size_t max, char **ret_data, size_t *ret_len, struct fsv_err *err)
{
	FSV_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	FSV_AUTO_MEM char *data = NULL;
	struct stat st;
	size_t n = 0, cap;

	if (fd < 0)
		return fsv_err_errno(err, errno, "cannot open %s", path);
	if (fstat(fd, &st) < 0)
		return fsv_err_errno(err, errno, "cannot stat %s", path);
	if (S_ISDIR(st.st_mode))
		return fsv_err_errno(err, EISDIR, "cannot read %s", path);
	cap = st.st_size > 0 && (size_t)st.st_size <= max ? (size_t)st.st_size + 1 : 4096;
	data = fsv_malloc(cap + 1);
	for (;;) {
		ssize_t r = read(fd, data + n, cap - n);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return fsv_err_errno(err, errno, "cannot read %s", path);
		if (r == 0)
			break;
		n += (size_t)r;
		if (n > max)
			return fsv_err_set(err, FSV_E_LIMIT, "%s is larger than %zu bytes", path, max);
		if (n == cap) {
			cap *= 2;
			data = fsv_realloc(data, cap + 1, 1);
		}
	}
	data[n] = '\0';
	*ret_len = n;
	*ret_data = FSV_TAKE(data);
	return 0;
}

int fsv_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t w = write(fd, p, len);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return -errno;
		p += w;
		len -= (size_t)w;
	}
	return 0;
}

static int sync_folder(const char *path, struct fsv_err *err)
{
	const char *slash = strrchr(path, '/');
	FSV_AUTO_MEM char *folder = fsv_str_dup(slash == path ? FSV_STR("/") :
						slash ? fsv_str_n(path, (size_t)(slash - path)) : FSV_STR("."));
	FSV_AUTO_FD fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return fsv_err_errno(err, errno, "cannot sync folder %s", folder);
	return 0;
}

int fsv_write_file(const char *path, const void *data, size_t len, mode_t mode, struct fsv_err *err)
{
	size_t n = strlen(path) + sizeof(".XXXXXX");
	FSV_AUTO_MEM char *tmp = fsv_malloc(n);
	FSV_AUTO_FD fd = -1;
	int r;

	snprintf(tmp, n, "%s.XXXXXX", path);
	fd = mkostemp(tmp, O_CLOEXEC);
	if (fd < 0)
		return fsv_err_errno(err, errno, "cannot create a temporary file beside %s", path);
	r = fsv_write_all(fd, data, len);
	if (r == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0))
		r = -errno;
	if (r == 0 && rename(tmp, path) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlink(tmp);	/* the first error is the one to report */
		return fsv_err_errno(err, -r, "cannot write %s; the old content stays", path);
	}
	return sync_folder(path, err);
}
