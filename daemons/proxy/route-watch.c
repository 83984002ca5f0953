/* SPDX-License-Identifier: Apache-2.0 */
#include "route-watch.h"

#include <errno.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

enum { SETTLE_MS = 100, LOOK_MS = 10000 };

struct fsv_route_watch {
	fsv_route_watch_fn *fn;
	void *arg;
	char *path, *folder;
	const char *name;	/* last part of path */
	struct stat seen;	/* zero when the file was missing */
	int fd, wd;
	struct fsv_watch *events;
	struct fsv_timer *settle, *look;
};

/* Follows links: what counts is the file that would be read. */
static struct stat look_at(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		memset(&st, 0, sizeof(st));
	return st;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* The folder may not exist yet, or be another one by now; watching it again is harmless. */
static void watch_folder(struct fsv_route_watch *w)
{
	int wd = inotify_add_watch(w->fd, w->folder, IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE |
				   IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR);

	if (w->wd >= 0 && wd != w->wd)
		(void)inotify_rm_watch(w->fd, w->wd);	/* gone already when the folder is gone */
	w->wd = wd;
}

static void settled(void *arg)
{
	struct fsv_route_watch *w = arg;

	w->seen = look_at(w->path);
	w->fn(w->arg);
}

static void look(void *arg)
{
	struct fsv_route_watch *w = arg;
	struct stat now = look_at(w->path);

	watch_folder(w);
	if (!same_file(&now, &w->seen))
		settled(w);
}

/* Other files of the folder matter only when our path leads through them. */
static bool concerns(struct fsv_route_watch *w, const struct inotify_event *event)
{
	struct stat now;

	if (event->mask & (IN_Q_OVERFLOW | IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED))
		return true;
	if (event->len > 0 && strcmp(event->name, w->name) == 0)
		return true;
	now = look_at(w->path);
	return !same_file(&now, &w->seen);
}

static void on_events(int fd, uint32_t epoll_events, void *arg)
{
	struct fsv_route_watch *w = arg;
	alignas(struct inotify_event) char buf[4096];
	bool ours = false;
	ssize_t n;

	(void)epoll_events;
	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		for (char *p = buf; p < buf + n;) {
			const struct inotify_event *event = (const struct inotify_event *)(void *)p;

			ours = ours || concerns(w, event);
			p += sizeof(*event) + event->len;
		}
	}
	if (ours)
		fsv_timer_set(w->settle, SETTLE_MS, 0);
}

static void split_path(struct fsv_route_watch *w, const char *path)
{
	const char *slash = strrchr(path, '/');

	w->path = fsv_str_dup(fsv_str(path));
	if (!slash)
		w->folder = fsv_str_dup(FSV_STR("."));
	else
		w->folder = fsv_str_dup(fsv_str_n(path, slash == path ? 1 : (size_t)(slash - path)));
	w->name = slash ? w->path + (slash + 1 - path) : w->path;
}

int fsv_route_watch_new(struct fsv_loop *loop, const char *path, fsv_route_watch_fn *fn, void *arg,
			struct fsv_route_watch **ret_watch, struct fsv_err *err)
{
	struct fsv_route_watch *w = FSV_NEW(struct fsv_route_watch);
	int r;

	w->fn = fn;
	w->arg = arg;
	w->wd = -1;
	split_path(w, path);
	w->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->fd < 0) {
		r = fsv_err_errno(err, errno, "cannot watch %s for changes (see fs.inotify.max_user_instances)", path);
		fsv_route_watch_free(w);
		return r;
	}
	r = fsv_loop_watch(loop, w->fd, EPOLLIN, on_events, w, &w->events, err);
	if (r < 0) {
		fsv_route_watch_free(w);
		return r;
	}
	w->seen = look_at(w->path);
	watch_folder(w);
	w->settle = fsv_timer_new(loop, settled, w);
	w->look = fsv_timer_new(loop, look, w);
	fsv_timer_set(w->look, LOOK_MS, LOOK_MS);
	*ret_watch = w;
	return 0;
}

struct fsv_route_watch *fsv_route_watch_free(struct fsv_route_watch *w)
{
	if (!w)
		return NULL;
	if (w->settle)
		fsv_timer_free(w->settle);
	if (w->look)
		fsv_timer_free(w->look);
	if (w->events)
		fsv_watch_free(w->events);
	fsv_close(w->fd);
	free(w->path);
	free(w->folder);
	free(w);
	return NULL;
}
