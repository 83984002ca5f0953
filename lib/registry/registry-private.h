/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of the registry client: registry.c holds it together, own.c keeps what we registered, watch.c what we
 * subscribed to, components.c who is there, files.c what survives a restart, address.c finds our own address. [main thread]
 */
#ifndef FSV_REGISTRY_REGISTRY_PRIVATE_H
#define FSV_REGISTRY_REGISTRY_PRIVATE_H

#include <stdatomic.h>

#include "registry.h"

#include "base/pool.h"
#include "net/zk.h"
#include "view-private.h"

#define FSV_SERVICES_ROOT	"/FATE-SERVICES"
#define FSV_COMPONENTS_ROOT	"/FATE-COMPONENTS"

/* One list of providers as it is now. */
struct fsv_reg_list {
	struct fsv_providers *providers;	/* one reference */
	bool confirmed;				/* seen in this session */
	int64_t stale_until;			/* while it is stale: when it is forgotten */
};

/* What updateService has set, by "environment/service". */
struct fsv_reg_setting {
	int32_t weight;				/* -1 = not set */
	enum fsv_router_mode mode;		/* NONE = not set */
};

struct fsv_registry {
	struct fsv_loop *loop;
	struct fsv_registry_opt opt;		/* its texts are ours */
	struct fsv_zk *zk;
	struct fsv_pool *pool;			/* files and names */
	struct fsv_timer *tick, *soon, *address_timer, *leave_timer;
	bool up;
	bool told_down;
	_Atomic bool shown_up;			/* for /metrics, as of the last tick */
	_Atomic unsigned shown_present;
	bool informed;				/* we know of others what we need for the requests that registering brings */
	unsigned ticks_up;			/* while not */
	char *address;				/* NULL until it is known */
	_Atomic(char *) address_found;		/* by the pool */
	char instance_id[37];

	/* watch.c */
	struct fsv_map dirs;			/* path → struct fsv_reg_dir */
	struct fsv_map lists;			/* key → struct fsv_reg_list */
	struct fsv_nodes nodes;
	struct fsv_reg_dir *gone;		/* removed, but with a question under way */
	unsigned outstanding;			/* questions under way */
	bool soon_set;
	size_t n_nodes;				/* kept, against opt.max_nodes */
	bool dirty;				/* lists are newer than the view */
	bool synced;				/* everything was seen in this session */
	struct fsv_snapshot view;
	struct fsv_retired retired;

	struct fsv_reg_components *components;	/* NULL unless opt.components */

	/* own.c */
	struct fsv_map own;			/* key → struct fsv_own */
	struct fsv_map own_paths;		/* path → struct fsv_own, of nodes as they are now */
	struct fsv_map settings;		/* struct fsv_reg_setting */
	struct fsv_map wanted_models;		/* "environment/service" of models */
	bool leaving, left;
	int64_t grace_ms;
	void (*on_left)(void *arg);
	void *on_left_arg;

	/* files.c */
	bool cache_dirty;
	_Atomic bool writing;
};

/* watch.c: subscriptions ---------------------------------------------------------------------------- */

void fsv_watch_start(struct fsv_registry *r);		/* makes the directories of the projects */
void fsv_watch_on_state(struct fsv_registry *r, enum fsv_zk_state state);
void fsv_watch_on_event(struct fsv_registry *r, const char *path);
void fsv_watch_tick(struct fsv_registry *r);
void fsv_watch_done(struct fsv_registry *r);
/* Replaces one list; urls are decoded names, borrowed. */
void fsv_watch_set_list(struct fsv_registry *r, struct fsv_str key, const struct fsv_str *urls, unsigned n, bool confirmed);
/* Makes the lists the view that requests see. */
void fsv_watch_publish(struct fsv_registry *r);

/* components.c: who is there; nothing without opt.components ------------------------------------------- */

void fsv_components_start(struct fsv_registry *r);
void fsv_components_on_state(struct fsv_registry *r, enum fsv_zk_state state);
void fsv_components_on_event(struct fsv_registry *r, const char *path);
void fsv_components_tick(struct fsv_registry *r);
void fsv_components_done(struct fsv_registry *r);

/* own.c: registrations ------------------------------------------------------------------------------ */

void fsv_own_start(struct fsv_registry *r);		/* once the address is known */
void fsv_own_on_state(struct fsv_registry *r, enum fsv_zk_state state);
void fsv_own_on_event(struct fsv_registry *r, const char *path);
void fsv_own_tick(struct fsv_registry *r);
/* Registers, now that r->informed. */
void fsv_own_go(struct fsv_registry *r);
void fsv_own_done(struct fsv_registry *r);
/* fsv_registry_update in the main thread. */
int fsv_own_update(struct fsv_registry *r, struct fsv_str url, struct fsv_str router_mode, int32_t weight,
		   struct fsv_err *err) FSV_MUST_CHECK;
unsigned fsv_own_present(const struct fsv_registry *r);

/* files.c -------------------------------------------------------------------------------------------- */

/* Of a cache file, ours or the reference's: "key=url url…" lines. Calls take for each. Bad lines are left out. */
int fsv_cache_parse(struct fsv_str text, unsigned max_urls,
		    void (*take)(void *arg, struct fsv_str key, const struct fsv_str *urls, unsigned n), void *arg,
		    struct fsv_err *err) FSV_MUST_CHECK;
/* Base64 of {"environment/service":{"weight":50,"routerMode":"ALL_ALLOWED"},…}. */
int fsv_settings_parse(struct fsv_str text, struct fsv_map *settings, struct fsv_err *err) FSV_MUST_CHECK;
void fsv_cache_line(struct fsv_buf *out, const char *key, char *const *urls, unsigned n);

void fsv_files_load(struct fsv_registry *r);
void fsv_files_tick(struct fsv_registry *r);		/* writes what has changed */
void fsv_files_save_settings(struct fsv_registry *r);

/* address.c ------------------------------------------------------------------------------------------- */

/* malloc'ed text of the address to advertise, or NULL. [blocks] */
char *fsv_address_find(void);

#endif
