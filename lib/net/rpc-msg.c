/* SPDX-License-Identifier: Apache-2.0 */
/* Messages: counted byte buffers of gRPC core, read in place where core has them in one piece. */
#include "rpc-private.h"

#include <grpc/byte_buffer.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static struct grpc_slice_buffer *slices_of(const struct fsv_rpc_msg *msg)
{
	return &msg->bytes->data.raw.slice_buffer;
}

struct fsv_rpc_msg *fsv_rpc_msg_new(grpc_byte_buffer *bytes)
{
	struct fsv_rpc_worker *w = fsv_rpc_self();
	struct fsv_rpc_msg *msg = w ? w->msgs : NULL;

	if (msg) {
		w->msgs = msg->next;
		w->n_msgs--;
	} else {
		msg = fsv_malloc(sizeof(*msg));
	}
	atomic_init(&msg->refs, 1);
	msg->next = NULL;
	msg->bytes = bytes;
	msg->flat = NULL;
	return msg;
}

struct fsv_rpc_msg *fsv_rpc_msg_ref(struct fsv_rpc_msg *msg)
{
	atomic_fetch_add_explicit(&msg->refs, 1, memory_order_relaxed);
	return msg;
}

struct fsv_rpc_msg *fsv_rpc_msg_unref(struct fsv_rpc_msg *msg)
{
	struct fsv_rpc_worker *w = fsv_rpc_self();

	if (!msg || atomic_fetch_sub_explicit(&msg->refs, 1, memory_order_acq_rel) > 1)
		return NULL;
	grpc_byte_buffer_destroy(msg->bytes);
	free(msg->flat);
	if (!w || w->n_msgs >= FSV_RPC_KEEP) {
		free(msg);
		return NULL;
	}
	msg->next = w->msgs;
	w->msgs = msg;
	w->n_msgs++;
	return NULL;
}

void fsv_rpc_msg_pool_free(struct fsv_rpc_worker *w)
{
	while (w->msgs) {
		struct fsv_rpc_msg *msg = w->msgs;

		w->msgs = msg->next;
		free(msg);
	}
	w->n_msgs = 0;
}

static char *flatten(const struct grpc_slice_buffer *sb)
{
	char *flat = fsv_malloc(sb->length);
	size_t n = 0;

	for (size_t i = 0; i < sb->count; i++) {
		size_t len = GRPC_SLICE_LENGTH(sb->slices[i]);

		FSV_BUG_ON(len > sb->length - n);
		memcpy(flat + n, GRPC_SLICE_START_PTR(sb->slices[i]), len);
		n += len;
	}
	return flat;
}

struct fsv_str fsv_rpc_msg_body(struct fsv_rpc_msg *msg)
{
	struct grpc_slice_buffer *sb = slices_of(msg);

	if (sb->length == 0)
		return FSV_STR("");
	if (sb->count == 1)
		return fsv_str_n((const char *)GRPC_SLICE_START_PTR(sb->slices[0]), sb->length);
	if (!msg->flat)
		msg->flat = flatten(sb);
	return fsv_str_n(msg->flat, sb->length);
}

void fsv_rpc_out_init(grpc_byte_buffer *out)
{
	memset(out, 0, sizeof(*out));
	out->type = GRPC_BB_RAW;
	out->data.raw.compression = GRPC_COMPRESS_NONE;
	grpc_slice_buffer_init(&out->data.raw.slice_buffer);
}

void fsv_rpc_out_done(grpc_byte_buffer *out)
{
	grpc_slice_buffer_destroy(&out->data.raw.slice_buffer);
}

void fsv_rpc_out_msg(grpc_byte_buffer *out, const struct fsv_rpc_msg *msg)
{
	const struct grpc_slice_buffer *sb = slices_of(msg);

	for (size_t i = 0; i < sb->count; i++)
		grpc_slice_buffer_add(&out->data.raw.slice_buffer, grpc_slice_ref(sb->slices[i]));
}

void fsv_rpc_out_bytes(grpc_byte_buffer *out, struct fsv_str bytes)
{
	if (bytes.n > 0)
		grpc_slice_buffer_add(&out->data.raw.slice_buffer, grpc_slice_from_copied_buffer(bytes.p, bytes.n));
}
