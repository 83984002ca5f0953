/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures on federated packets: what leaves for another party is signed with the own secret, what comes from
 * one is checked with the sender's. The keys are one immutable object, read from the file that the parties agreed
 * upon. A packet is accepted once, within the time that the file allows, when the secret of the party that it says
 * it is from has signed it.
 */
#ifndef FSV_PROXY_AUTH_H
#define FSV_PROXY_AUTH_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/ref.h"
#include "base/str.h"
#include "lib/proto/packet.pb-c.h"

enum {
	FSV_AUTH_FILE_MAX = 1 << 20,
	FSV_AUTH_KEYS_MAX = 10000,
};

struct fsv_auth_key {
	char *party_id, *app_key, *app_secret;
};

struct fsv_auth_keys {
	struct fsv_ref ref;
	char *self_party_id, *apply_id;
	int64_t window_ms;		/* how far a packet's time may be from ours, either way */
	char sum[65];			/* of the file, to tell whether another one is meant */
	struct fsv_auth_key *all;
	unsigned n;
	const struct fsv_auth_key *own;	/* among all */
};

/* The caller's (fsv_ref_put); errors begin with file and never show a secret. */
int fsv_auth_keys_parse(struct fsv_str json, const char *file, struct fsv_auth_keys **ret_keys,
			struct fsv_err *err) FSV_MUST_CHECK;

/* The signatures that were accepted lately. Bounded: the oldest gives way. [any thread, no lock] */
struct fsv_auth_seen;
struct fsv_auth_seen *fsv_auth_seen_new(size_t entries);	/* rounded up to a power of two */
struct fsv_auth_seen *fsv_auth_seen_free(struct fsv_auth_seen *seen);

/* Sets time, key and signature, and applyId where it is blank; the rest of auth stays. Lives in arena. */
void fsv_auth_sign(const struct fsv_auth_keys *keys, Fsv__Packet *packet, struct fsv_arena *arena, int64_t now_ms);

/* NULL when the packet is genuine; else the reason, for the own log alone. */
const char *fsv_auth_check(const struct fsv_auth_keys *keys, struct fsv_auth_seen *seen, const Fsv__Packet *packet,
			   struct fsv_arena *arena, int64_t now_ms);

#endif
