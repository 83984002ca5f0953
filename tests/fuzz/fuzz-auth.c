/* SPDX-License-Identifier: Apache-2.0 */
/* Files of keys: whatever loads has a key of its own to sign with. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "../../daemons/proxy/auth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fsv_err err = FSV_ERR_INIT;
	Fsv__Packet packet = FSV__PACKET__INIT;
	struct fsv_auth_keys *keys;
	struct fsv_arena arena;

	if (fsv_auth_keys_parse(fsv_str_n((const char *)data, size), "f", &keys, &err) < 0)
		return 0;
	fsv_arena_init(&arena, 0);
	fsv_auth_sign(keys, &packet, &arena, 1);
	if (!*packet.auth->signature || !*packet.auth->appkey)
		abort();
	fsv_arena_done(&arena);
	fsv_ref_put(&keys->ref);
	return 0;
}
