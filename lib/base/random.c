/* SPDX-License-Identifier: Apache-2.0 */
#include "random.h"

#include "time.h"

/* Finalizer of MurmurHash3. */
uint64_t fsv_mix64(uint64_t x)
{
	x ^= x >> 33;
	x *= UINT64_C(0xff51afd7ed558ccd);
	x ^= x >> 33;
	x *= UINT64_C(0xc4ceb9fe1a85ec53);
	return x ^ x >> 33;
}

uint64_t fsv_random64(void)
{
	static _Thread_local uint64_t state;

	if (state == 0)
		state = fsv_mix64((uint64_t)fsv_now_ns() ^ (uint64_t)(uintptr_t)&state) | 1;
	state += UINT64_C(0x9e3779b97f4a7c15);
	return fsv_mix64(state);
}
