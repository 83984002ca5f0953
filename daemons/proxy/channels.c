/* SPDX-License-Identifier: Apache-2.0 */
#include "channels.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "net/rpc.h"
#include "net/tls.h"

struct entry {
	struct fsv_rpc_channel *channel;
	struct fsv_tls *tls;		/* NULL = plaintext */
	unsigned generation;		/* of the certificate that the channel was made with */
	bool named;			/* by the table that is being connected */
};

struct fsv_channels {
	struct fsv_map entries;		/* key: address and files */
	size_t max_message;
};

struct fsv_channels *fsv_channels_new(size_t max_message)
{
	struct fsv_channels *channels = FSV_NEW(struct fsv_channels);

	fsv_map_init(&channels->entries);
	channels->max_message = max_message;
	return channels;
}

static void entry_free(struct entry *entry)
{
	if (entry->channel)
		fsv_rpc_channel_unref(entry->channel);
	if (entry->tls)
		fsv_tls_unref(entry->tls);
	free(entry);
}

struct fsv_channels *fsv_channels_free(struct fsv_channels *channels)
{
	if (!channels)
		return NULL;
	for (size_t i = 0; i < channels->entries.n; i++)
		entry_free(channels->entries.entries[i].value);
	fsv_map_done(&channels->entries);
	free(channels);
	return NULL;
}

/* File names are free of NUL (the table's reader saw to it), so that NUL keeps the parts apart. */
static void key_of(const struct fsv_endpoint *endpoint, struct fsv_buf *key)
{
	fsv_buf_puts(key, endpoint->target);
	if (!endpoint->tls)
		return;
	fsv_buf_putc(key, '\0');
	fsv_buf_puts(key, endpoint->ca_file);
	fsv_buf_putc(key, '\0');
	fsv_buf_puts(key, endpoint->cert_file);
	fsv_buf_putc(key, '\0');
	fsv_buf_puts(key, endpoint->key_file);
}

static int connect_entry(struct fsv_channels *channels, const struct fsv_endpoint *endpoint, struct entry *entry,
			 struct fsv_err *err)
{
	struct fsv_tls_opt files = { endpoint->ca_file, endpoint->cert_file, endpoint->key_file };
	struct fsv_rpc_channel *channel;
	int r;

	if (endpoint->tls && !entry->tls) {
		r = fsv_tls_new(&files, &entry->tls, err);
		if (r < 0)
			return r;
	}
	if (entry->channel && (!entry->tls || entry->generation == fsv_tls_generation(entry->tls)))
		return 0;
	entry->generation = entry->tls ? fsv_tls_generation(entry->tls) : 0;
	r = fsv_rpc_channel_new(endpoint->target, entry->tls, channels->max_message, &channel, err);
	if (r < 0)
		return r;
	if (entry->channel)
		fsv_rpc_channel_unref(entry->channel);
	entry->channel = channel;
	return 0;
}

static void connect_endpoint(struct fsv_route_table *table, struct fsv_endpoint *endpoint, void *arg)
{
	struct fsv_channels *channels = arg;
	struct fsv_err err = FSV_ERR_INIT;
	struct entry *entry;
	struct fsv_buf key;

	if (endpoint->refused || endpoint->port == 0)
		return;
	fsv_buf_init(&key, NULL, 0);
	key_of(endpoint, &key);
	entry = fsv_map_get(&channels->entries, fsv_buf_str(&key));
	if (!entry) {
		entry = FSV_NEW(struct entry);
		(void)fsv_map_put(&channels->entries, fsv_buf_str(&key), entry);
	}
	fsv_buf_done(&key);
	entry->named = true;
	if (connect_entry(channels, endpoint, entry, &err) < 0)
		fsv_endpoint_refuse(table, endpoint, FSV_E_NET, err.text);
	else
		endpoint->channel = fsv_rpc_channel_ref(entry->channel);
}

static void drop_unnamed(struct fsv_channels *channels)
{
	for (size_t i = channels->entries.n; i-- > 0;) {
		struct fsv_map_entry *e = &channels->entries.entries[i];
		struct entry *entry = e->value;

		if (entry->named && entry->channel)
			continue;
		(void)fsv_map_del(&channels->entries, e->key);
		entry_free(entry);
	}
}

void fsv_channels_connect(struct fsv_channels *channels, struct fsv_route_table *table)
{
	for (size_t i = 0; i < channels->entries.n; i++)
		((struct entry *)channels->entries.entries[i].value)->named = false;
	fsv_route_table_each(table, connect_endpoint, channels);
	drop_unnamed(channels);
}

bool fsv_channels_refresh(struct fsv_channels *channels)
{
	bool changed = false;

	for (size_t i = 0; i < channels->entries.n; i++) {
		struct entry *entry = channels->entries.entries[i].value;

		if (entry->tls && fsv_tls_refresh(entry->tls))
			changed = true;
	}
	return changed;
}

size_t fsv_channels_count(const struct fsv_channels *channels)
{
	return channels->entries.n;
}
