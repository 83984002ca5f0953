/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Says when the route table's file may have changed. The folder is watched, not the file, because files
 * are replaced by rename, by a swapped symbolic link, or vanish and come back. What no event tells
 * (another folder behind a link, network file systems) is found by looking every ten seconds.
 */
#ifndef FSV_PROXY_ROUTE_WATCH_H
#define FSV_PROXY_ROUTE_WATCH_H

#include "base/err.h"
#include "base/loop.h"

struct fsv_route_watch;

typedef void fsv_route_watch_fn(void *arg);

/* fn runs on the loop, a moment after the last of several changes. It is called too often rather than too
 * seldom: compare contents. */
int fsv_route_watch_new(struct fsv_loop *loop, const char *path, fsv_route_watch_fn *fn, void *arg,
			struct fsv_route_watch **ret_watch, struct fsv_err *err) FSV_MUST_CHECK;
struct fsv_route_watch *fsv_route_watch_free(struct fsv_route_watch *watch);

#endif
