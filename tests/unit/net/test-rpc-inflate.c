/* SPDX-License-Identifier: Apache-2.0 */
/* Compressed messages are opened up to a limit and never beyond. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <grpc/byte_buffer.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/mem.h"
#include "net/rpc-private.h"

enum { GZIP = 15 + 16, ZLIB = 15, PLAIN_MAX = 200000 };

static char plain[PLAIN_MAX];

static size_t compress_to(int window, size_t n, Bytef *out, size_t size)
{
	z_stream z = { .next_in = (Bytef *)plain, .avail_in = (uInt)n, .next_out = out, .avail_out = (uInt)size };

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return size - z.avail_out;
}

/* In pieces of at most piece bytes, as a connection delivers them. */
static grpc_byte_buffer *in_pieces(const Bytef *p, size_t n, size_t piece)
{
	grpc_byte_buffer *bytes = grpc_raw_compressed_byte_buffer_create(NULL, 0, GRPC_COMPRESS_GZIP);

	for (size_t at = 0; at < n; at += piece)
		grpc_slice_buffer_add_indexed(&bytes->data.raw.slice_buffer,
					      grpc_slice_from_copied_buffer((const char *)p + at,
									    n - at < piece ? n - at : piece));
	return bytes;
}

static void messages_open_or_fail(void **state)
{
	static const struct {
		const char *what;
		int window;
		size_t n, max, piece;
		long cut;	/* bytes taken off the end, negative: added */
		int flip;	/* position of a byte to spoil, -1 = none */
		int want;
	} cases[] = {
		{ "gzip", GZIP, 1000, PLAIN_MAX, PLAIN_MAX, 0, -1, 0 },
		{ "zlib", ZLIB, 1000, PLAIN_MAX, PLAIN_MAX, 0, -1, 0 },
		{ "empty", GZIP, 0, PLAIN_MAX, PLAIN_MAX, 0, -1, 0 },
		{ "single bytes", GZIP, 70000, PLAIN_MAX, 1, 0, -1, 0 },
		{ "large", GZIP, PLAIN_MAX, PLAIN_MAX, 100, 0, -1, 0 },
		{ "as large as the first buffer", GZIP, 16384, PLAIN_MAX, 1000, 0, -1, 0 },
		{ "at the limit", GZIP, 5000, 5000, 1000, 0, -1, 0 },
		{ "at the limit, more than one buffer", GZIP, 50000, 50000, 1000, 0, -1, 0 },
		{ "one above the limit", GZIP, 5001, 5000, 1000, 0, -1, FSV_E_LIMIT },
		{ "far above the limit", GZIP, PLAIN_MAX, 5000, PLAIN_MAX, 0, -1, FSV_E_LIMIT },
		{ "cut short", GZIP, 1000, PLAIN_MAX, PLAIN_MAX, 4, -1, FSV_E_SYNTAX },
		{ "cut to the head", GZIP, 1000, 2000, PLAIN_MAX, 900, -1, FSV_E_SYNTAX },
		{ "bytes behind the end", GZIP, 1000, PLAIN_MAX, PLAIN_MAX, -3, -1, FSV_E_SYNTAX },
		{ "bytes behind the end, in pieces", GZIP, 1000, PLAIN_MAX, 1, -3, -1, FSV_E_SYNTAX },
		{ "not compressed at all", GZIP, 1000, PLAIN_MAX, PLAIN_MAX, 0, 0, FSV_E_SYNTAX },
	};
	static Bytef packed[2 * PLAIN_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n = compress_to(cases[i].window, cases[i].n, packed, sizeof(packed));
		grpc_byte_buffer *bytes;
		int r;

		n -= cases[i].cut > (long)n ? n : (size_t)cases[i].cut;
		if (cases[i].flip >= 0)
			packed[cases[i].flip] ^= 0xff;
		bytes = in_pieces(packed, n, cases[i].piece);
		r = fsv_rpc_open_message(&bytes, cases[i].max);
		if (r != cases[i].want)
			fail_msg("%s: got %d, want %d", cases[i].what, r, cases[i].want);
		if (r == 0) {
			assert_int_equal(bytes->data.raw.compression, GRPC_COMPRESS_NONE);
			assert_int_equal(grpc_byte_buffer_length(bytes), cases[i].n);
			assert_memory_equal(GRPC_SLICE_START_PTR(bytes->data.raw.slice_buffer.slices[0]), plain, cases[i].n);
		}
		grpc_byte_buffer_destroy(bytes);
	}
}

static void plain_messages_are_left_alone(void **state)
{
	grpc_slice slice = grpc_slice_from_copied_buffer(plain, 100);
	grpc_byte_buffer *bytes = grpc_raw_byte_buffer_create(&slice, 1), *before = bytes;

	(void)state;
	assert_int_equal(fsv_rpc_open_message(&bytes, 10), 0);
	assert_ptr_equal(bytes, before);
	grpc_byte_buffer_destroy(bytes);
	grpc_slice_unref(slice);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_open_or_fail),
		cmocka_unit_test(plain_messages_are_left_alone),
	};
	unsigned x = 12345;

	/* Text that neither shrinks to nothing nor refuses to shrink. */
	for (size_t i = 0; i < sizeof(plain); i++) {
		x = x * 1103515245u + 12345u;
		plain[i] = (char)('a' + (x >> 16) % 8);
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
