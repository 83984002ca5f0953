/* SPDX-License-Identifier: Apache-2.0 */
#include "auth.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "call/message.h"
#include "codec/base64.h"
#include "codec/digest.h"
#include "codec/json.h"

/* Keys ------------------------------------------------------------------------------------------- */

static void keys_free(struct fsv_ref *ref)
{
	struct fsv_auth_keys *keys = (struct fsv_auth_keys *)ref;

	for (unsigned i = 0; i < keys->n; i++) {
		free(keys->all[i].party_id);
		free(keys->all[i].app_key);
		free(keys->all[i].app_secret);
	}
	free(keys->all);
	free(keys->self_party_id);
	free(keys->apply_id);
	free(keys);
}

/* A text that must be there; the file's other readers take numbers apart. */
static int text_of(const struct fsv_json_node *object, const char *name, const char *file, char **ret,
		   struct fsv_err *err)
{
	const struct fsv_json_node *node = fsv_json_get(object, name);

	if (!node || node->type != FSV_JSON_STRING || node->text.n == 0 || memchr(node->text.p, '\0', node->text.n))
		return fsv_err_set(err, FSV_E_CONFIG, "%s: %s must be a text that is not empty", file, name);
	*ret = fsv_str_dup(node->text);
	return 0;
}

/* A party that relays packets of others signs them anew with its key, which then stands with each of them. */
static int check_pair(const struct fsv_auth_key *a, const struct fsv_auth_key *b, const char *file, struct fsv_err *err)
{
	if (strcmp(a->app_key, b->app_key) != 0)
		return 0;
	if (strcmp(a->party_id, b->party_id) == 0)
		return fsv_err_set(err, FSV_E_CONFIG, "%s: party %.64s has the app_key %.64s twice", file, b->party_id, b->app_key);
	if (strcmp(a->app_secret, b->app_secret) != 0)
		return fsv_err_set(err, FSV_E_CONFIG, "%s: the app_key %.64s has two secrets", file, b->app_key);
	return 0;
}

static int read_key(const struct fsv_json_node *node, const char *file, struct fsv_auth_keys *keys,
		    struct fsv_err *err)
{
	struct fsv_auth_key *key = &keys->all[keys->n++];
	int r;

	if (node->type != FSV_JSON_OBJECT)
		return fsv_err_set(err, FSV_E_CONFIG, "%s: access_keys holds something that is no object", file);
	r = text_of(node, "party_id", file, &key->party_id, err);
	if (r == 0)
		r = text_of(node, "app_key", file, &key->app_key, err);
	if (r == 0)
		r = text_of(node, "app_secret", file, &key->app_secret, err);
	for (unsigned i = 0; r == 0 && i + 1 < keys->n; i++)
		r = check_pair(&keys->all[i], key, file, err);
	return r;
}

static int read_keys(const struct fsv_json_node *list, const char *file, struct fsv_auth_keys *keys,
		     struct fsv_err *err)
{
	if (!list || list->type != FSV_JSON_ARRAY)
		return fsv_err_set(err, FSV_E_CONFIG, "%s: access_keys must be a list", file);
	if (list->n > FSV_AUTH_KEYS_MAX)
		return fsv_err_set(err, FSV_E_LIMIT, "%s: more than %d access_keys", file, FSV_AUTH_KEYS_MAX);
	keys->all = FSV_NEW_N(struct fsv_auth_key, list->n + 1);
	for (const struct fsv_json_node *node = list->first; node; node = node->next) {
		int r = read_key(node, file, keys, err);

		if (r < 0)
			return r;
	}
	for (unsigned i = 0; i < keys->n && !keys->own; i++)
		if (strcmp(keys->all[i].party_id, keys->self_party_id) == 0)
			keys->own = &keys->all[i];
	if (!keys->own)
		return fsv_err_set(err, FSV_E_CONFIG,
				   "%s: access_keys has no key for self_party_id %.64s, so that nothing could be signed",
				   file, keys->self_party_id);
	return 0;
}

static int read_window(const struct fsv_json_node *root, const char *file, struct fsv_auth_keys *keys,
		       struct fsv_err *err)
{
	const struct fsv_json_node *node = fsv_json_get(root, "request_expire_seconds");
	int64_t seconds;

	if (!node || node->type != FSV_JSON_INT || !fsv_str_to_i64(node->text, &seconds) || seconds < 1 ||
	    seconds > 86400)
		return fsv_err_set(err, FSV_E_CONFIG, "%s: request_expire_seconds must be a number from 1 to 86400",
				   file);
	keys->window_ms = seconds * 1000;
	return 0;
}

static int read_file(struct fsv_str json, const char *file, struct fsv_arena *arena, struct fsv_auth_keys *keys,
		     struct fsv_err *err)
{
	struct fsv_json_node *root, *apply;
	int r = fsv_json_parse(json, arena, true, &root, err);

	if (r < 0)
		return fsv_err_wrap(err, "%s", file);
	r = text_of(root, "self_party_id", file, &keys->self_party_id, err);
	if (r == 0)
		r = read_window(root, file, keys, err);
	if (r == 0)
		r = read_keys(fsv_json_get(root, "access_keys"), file, keys, err);
	if (r < 0)
		return r;
	apply = fsv_json_get(root, "apply_id");
	if (apply && apply->type != FSV_JSON_NULL &&
	    (apply->type != FSV_JSON_STRING || memchr(apply->text.p, '\0', apply->text.n)))
		return fsv_err_set(err, FSV_E_CONFIG, "%s: apply_id must be a text", file);
	keys->apply_id = fsv_str_dup(apply && apply->type == FSV_JSON_STRING ? apply->text : FSV_STR(""));
	return 0;
}

int fsv_auth_keys_parse(struct fsv_str json, const char *file, struct fsv_auth_keys **ret_keys, struct fsv_err *err)
{
	struct fsv_auth_keys *keys = FSV_NEW(struct fsv_auth_keys);
	struct fsv_arena arena;
	int r;

	fsv_ref_init(&keys->ref, keys_free);
	fsv_sha256_hex(json, keys->sum);
	fsv_arena_init(&arena, 0);
	r = read_file(json, file, &arena, keys, err);
	fsv_arena_done(&arena);
	if (r < 0)
		fsv_ref_put(&keys->ref);
	else
		*ret_keys = keys;
	return r;
}

/* Seen ------------------------------------------------------------------------------------------- */

enum { SEEN_LINE = 16, SECONDS_BITS = 20 };

/* A slot is part of a signature with the second it came in, 0 = free. A signature has one line of slots to be in; all
 * threads look through it in the same order, so that of two that bring the same one at a time one finds the other's. */
struct fsv_auth_seen {
	size_t mask;		/* of lines */
	_Atomic uint64_t slots[];
};

struct fsv_auth_seen *fsv_auth_seen_new(size_t entries)
{
	size_t lines = 1;
	struct fsv_auth_seen *seen;

	while (lines * SEEN_LINE < entries)
		lines *= 2;
	seen = fsv_calloc(1, sizeof(*seen) + lines * SEEN_LINE * sizeof(seen->slots[0]));
	seen->mask = lines - 1;
	return seen;
}

struct fsv_auth_seen *fsv_auth_seen_free(struct fsv_auth_seen *seen)
{
	free(seen);
	return NULL;
}

static uint64_t age(uint64_t slot, uint64_t now)
{
	return (now - slot) & ((1ULL << SECONDS_BITS) - 1);
}

/* Whether the signature was not there; it is then. keep: seconds after which one is forgotten. */
static bool first_time(struct fsv_auth_seen *seen, const unsigned char signature[FSV_HMAC_SHA1_SIZE],
		       int64_t now_ms, uint64_t keep)
{
	const uint64_t seconds = ((uint64_t)now_ms / 1000) & ((1ULL << SECONDS_BITS) - 1);
	_Atomic uint64_t *line, *use;
	uint64_t part, at, was, found;

	memcpy(&part, signature, sizeof(part));
	memcpy(&at, signature + sizeof(part), sizeof(at));
	part = (part | 1ULL << SECONDS_BITS) & ~((1ULL << SECONDS_BITS) - 1);	/* never that of a free slot */
	line = &seen->slots[(at & seen->mask) * SEEN_LINE];
	do {
		use = NULL;
		was = 0;
		for (unsigned i = 0; i < SEEN_LINE; i++) {
			found = atomic_load_explicit(&line[i], memory_order_relaxed);
			if (found && (found ^ part) >> SECONDS_BITS == 0 && age(found, seconds) <= keep)
				return false;
			/* The first that is free; where none is, the oldest. */
			if (!use || (was && (!found || age(found, seconds) > age(was, seconds)))) {
				use = &line[i];
				was = found;
			}
		}
	} while (!atomic_compare_exchange_weak(use, &was, part | seconds));
	return true;
}

/* Signatures ------------------------------------------------------------------------------------- */

static void signature_of(const struct fsv_auth_key *key, const Fsv__Packet *packet, int64_t time_ms, bool html_safe,
			 struct fsv_arena *arena, unsigned char out[FSV_HMAC_SHA1_SIZE])
{
	struct fsv_buf text;

	fsv_buf_init(&text, arena, 0);
	fsv_buf_printf(&text, "%" PRId64 "\n", time_ms);
	fsv_message_canonical(packet->header ? &packet->header->base : NULL, html_safe, &text);
	fsv_buf_putc(&text, '\n');
	fsv_message_canonical(packet->body ? &packet->body->base : NULL, html_safe, &text);
	fsv_hmac_sha1(fsv_str(key->app_secret), fsv_buf_str(&text), out);
}

static struct fsv_str as_text(const unsigned char signature[FSV_HMAC_SHA1_SIZE], struct fsv_arena *arena)
{
	struct fsv_buf text;

	fsv_buf_init(&text, arena, 0);
	fsv_base64_encode(&text, fsv_str_n((const char *)signature, FSV_HMAC_SHA1_SIZE));
	return fsv_buf_str(&text);
}

void fsv_auth_sign(const struct fsv_auth_keys *keys, Fsv__Packet *packet, struct fsv_arena *arena, int64_t now_ms)
{
	unsigned char signature[FSV_HMAC_SHA1_SIZE];

	if (!packet->auth) {
		packet->auth = FSV_ARENA_NEW(arena, Fsv__AuthInfo);
		fsv__auth_info__init(packet->auth);
	}
	signature_of(keys->own, packet, now_ms, true, arena, signature);
	packet->auth->timestamp = now_ms;
	packet->auth->appkey = fsv_arena_cstr(arena, fsv_str(keys->own->app_key));
	packet->auth->signature = fsv_arena_cstr(arena, as_text(signature, arena));
	if (fsv_str_blank(fsv_str(packet->auth->applyid)))
		packet->auth->applyid = fsv_arena_cstr(arena, fsv_str(keys->apply_id));
}

/* The party's entry of that key, or another party's, or NULL. */
static const struct fsv_auth_key *find(const struct fsv_auth_keys *keys, const char *app_key, const char *party_id)
{
	const struct fsv_auth_key *found = NULL;

	for (unsigned i = 0; i < keys->n; i++) {
		if (strcmp(keys->all[i].app_key, app_key) != 0)
			continue;
		found = &keys->all[i];
		if (strcmp(found->party_id, party_id) == 0)
			break;
	}
	return found;
}

const char *fsv_auth_check(const struct fsv_auth_keys *keys, struct fsv_auth_seen *seen, const Fsv__Packet *packet,
			   struct fsv_arena *arena, int64_t now_ms)
{
	unsigned char signature[FSV_HMAC_SHA1_SIZE];
	const struct fsv_auth_key *key;
	const Fsv__AuthInfo *auth = packet->auth;
	const char *party_id;
	bool genuine = false;

	if (!auth || !*auth->appkey || !*auth->signature)
		return "it is not signed";
	party_id = packet->header && packet->header->src ? packet->header->src->partyid : "";
	key = find(keys, auth->appkey, party_id);
	if (!key)
		return "its appKey is unknown";
	if (strcmp(key->party_id, party_id) != 0)
		return "its appKey belongs to another party than it says it is from";
	if (auth->timestamp <= now_ms - keys->window_ms)
		return "its time is past; it was under way too long, or the clocks of the parties differ";
	if (auth->timestamp >= now_ms + keys->window_ms)
		return "its time is still to come; the clocks of the parties differ";
	/* Releases before 2.1.6 leave five characters as they are. */
	for (int html_safe = 1; html_safe >= 0 && !genuine; html_safe--) {
		signature_of(key, packet, auth->timestamp, html_safe, arena, signature);
		genuine = fsv_same_secret(as_text(signature, arena), fsv_str(auth->signature));
	}
	if (!genuine)
		return "its signature is wrong";
	if (!first_time(seen, signature, now_ms, (uint64_t)keys->window_ms / 1000 * 2 + 1))
		return "it has been here before";
	return NULL;
}
