/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections to partners and own nodes. One entry per address and TLS files, so that a changed file name
 * or a switch between plaintext and TLS is a new connection, and two endpoints with the same ones share it.
 * Entries that no table names any more are dropped; requests under way keep theirs until they end.
 */
#ifndef FSV_PROXY_CHANNELS_H
#define FSV_PROXY_CHANNELS_H

#include <stdbool.h>

#include "route-table.h"

struct fsv_channels;

struct fsv_channels *fsv_channels_new(size_t max_message);
struct fsv_channels *fsv_channels_free(struct fsv_channels *channels);

/* Gives every usable endpoint of a table that is not published yet its connection. Endpoints whose TLS
 * files cannot be used are refused. Entries the table does not name are dropped.
 * [main thread] */
void fsv_channels_connect(struct fsv_channels *channels, struct fsv_route_table *table);

/* Re-reads changed certificate files; true when some changed, so that the table should be connected
 * again. [main thread] */
bool fsv_channels_refresh(struct fsv_channels *channels);

/* Number of connections held. [main thread] */
size_t fsv_channels_count(const struct fsv_channels *channels);

#endif
