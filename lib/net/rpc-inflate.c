/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compressed messages. Core could open them, but it looks at the size only afterwards, and a small
 * message can hold a thousand times its size; here opening stops at the limit.
 */
#include "rpc-private.h"

#include <grpc/byte_buffer.h>
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/mem.h"

enum { FIRST = 16384, GZIP_OR_ZLIB = 15 + 32 };

struct opened {
	char *p;
	size_t n, cap, max;
};

/* Room for at least one more byte. One byte above max is allowed: it tells a message that is too large. */
static bool grow(struct opened *out)
{
	if (out->n < out->cap)
		return true;
	if (out->cap > out->max)
		return false;
	out->cap = out->cap == 0 ? FIRST : 2 * out->cap;
	if (out->cap > out->max + 1)
		out->cap = out->max + 1;
	out->p = fsv_realloc(out->p, out->cap, 1);
	return true;
}

/* Z_OK when in is used up, Z_STREAM_END at the stream's end, Z_MEM_ERROR above the limit. */
static int feed(z_stream *z, const grpc_slice *in, struct opened *out)
{
	int r;

	z->next_in = (Bytef *)GRPC_SLICE_START_PTR(*in);
	z->avail_in = (uInt)GRPC_SLICE_LENGTH(*in);
	do {
		size_t room;

		if (!grow(out))
			return Z_MEM_ERROR;
		room = out->cap - out->n;
		if (room > UINT_MAX)
			room = UINT_MAX;
		z->next_out = (Bytef *)out->p + out->n;
		z->avail_out = (uInt)room;
		r = inflate(z, Z_NO_FLUSH);
		out->n += room - z->avail_out;
		if (r == Z_BUF_ERROR)
			r = Z_OK;	/* nothing to do until the next slice */
	} while (r == Z_OK && (z->avail_in > 0 || z->avail_out == 0));
	return r == Z_STREAM_END && z->avail_in > 0 ? Z_DATA_ERROR : r;
}

static int inflate_all(const grpc_slice_buffer *in, struct opened *out)
{
	z_stream z = { 0 };
	int r = inflateInit2(&z, GZIP_OR_ZLIB);

	if (r != Z_OK)
		return r;
	for (size_t i = 0; i < in->count && (r == Z_OK || r == Z_STREAM_END); i++)
		if (GRPC_SLICE_LENGTH(in->slices[i]) > 0)
			r = r == Z_OK ? feed(&z, &in->slices[i], out) : Z_DATA_ERROR;
	(void)inflateEnd(&z);	/* complains about unfinished streams: r tells */
	return r;
}

int fsv_rpc_open_message(grpc_byte_buffer **bytes, size_t max)
{
	struct opened out = { .max = max };
	grpc_slice slice;
	int r;

	if ((*bytes)->data.raw.compression == GRPC_COMPRESS_NONE)
		return 0;
	r = inflate_all(&(*bytes)->data.raw.slice_buffer, &out);
	if (r != Z_STREAM_END || out.n > max) {
		free(out.p);
		return r == Z_MEM_ERROR || r == Z_STREAM_END ? FSV_E_LIMIT : FSV_E_SYNTAX;
	}
	slice = grpc_slice_new(out.p, out.n, free);
	grpc_byte_buffer_destroy(*bytes);
	*bytes = grpc_raw_byte_buffer_create(&slice, 1);
	grpc_slice_unref(slice);
	return 0;
}
