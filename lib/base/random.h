/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers by chance, for choices between equals. No secrets: a good guesser can foresee them. */
#ifndef FSV_BASE_RANDOM_H
#define FSV_BASE_RANDOM_H

#include <stdint.h>

/* Spreads the bits of a number over all of it; different numbers stay different. */
uint64_t fsv_mix64(uint64_t x);
/* Every thread has a row of its own. [any thread, no lock, no system call] */
uint64_t fsv_random64(void);

#endif
