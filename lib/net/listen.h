/* SPDX-License-Identifier: Apache-2.0 */
/* Listening sockets, for the files of this folder. */
#ifndef FSV_NET_LISTEN_H
#define FSV_NET_LISTEN_H

#include <stdbool.h>
#include <stdint.h>

/* The local port, or 0. */
uint16_t fsv_listen_port(int fd);

/* The first packet of a new connection is not answered any more: its sender repeats it, and it reaches whoever
 * listens on the port then. What has begun goes on and can be accepted, so that afterwards a socket can be emptied
 * and closed without resetting anybody. False when the system does not let us. */
bool fsv_listen_hush(int fd);

#endif
