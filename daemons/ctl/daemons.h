/* SPDX-License-Identifier: Apache-2.0 */
/* The daemons of this machine: what their configuration, the service manager and their /metrics say. */
#ifndef FSV_CTL_DAEMONS_H
#define FSV_CTL_DAEMONS_H

#include "scrape.h"

enum { FSV_CTL_DAEMONS = 3 };

struct fsv_ctl_daemon {
	const char *unit;	/* "fate-serving-server" */
	const char *file;	/* its configuration */
	bool configured;	/* there is one */
	bool served;		/* it has a port with /metrics */
	char host[256];
	uint16_t port;

	/* As the service manager sees it; "" when it is not asked or does not know the unit. */
	char state[48];		/* "active (running)" */
	char pid[16];
	char restarts[16];

	bool answers;		/* page is there */
	struct fsv_scrape page;
	struct fsv_err fault;	/* why something above is missing; "" */
};

/* Options that say where the configurations are: --server FILE, --proxy FILE, --admin FILE; with one of them only those daemons count.
 * Files of the usual places otherwise. */
struct fsv_ctl_places {
	const char *files[FSV_CTL_DAEMONS];
	bool given;
};
/* Takes an option of getopt ('s', 'p', 'a'); false when it is another. */
bool fsv_ctl_place(struct fsv_ctl_places *places, int option, const char *value);
#define FSV_CTL_PLACE_OPTIONS \
	{ "server", required_argument, NULL, 's' }, { "proxy", required_argument, NULL, 'p' }, \
	{ "admin", required_argument, NULL, 'a' }
#define FSV_CTL_PLACE_HELP \
	"  -s, --server FILE   configuration of a server; with -s, -p or -a only those daemons are looked at\n" \
	"  -p, --proxy FILE    configuration of a proxy\n" \
	"  -a, --admin FILE    configuration of an admin daemon\n"

/* Looks at all of them; those that are neither configured nor running have configured false. [blocks] */
void fsv_ctl_look(const struct fsv_ctl_places *places, struct fsv_arena *arena, struct fsv_ctl_daemon daemons[FSV_CTL_DAEMONS]);
/* Only /metrics, again. [blocks] */
void fsv_ctl_look_again(struct fsv_ctl_daemon *daemon, struct fsv_arena *arena);

#endif
