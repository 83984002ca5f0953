/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FSV_BASE_THREAD_H
#define FSV_BASE_THREAD_H

#include <pthread.h>

#include "err.h"

/* Starts a named, joinable thread with every signal blocked (the main loop takes them by
 * signalfd). name: at most 15 characters. */
int fsv_thread_start(pthread_t *ret_thread, const char *name, void *(*fn)(void *), void *arg,
		     struct fsv_err *err) FSV_MUST_CHECK;

/* Cores this process may run on, at least 1. */
unsigned fsv_cpus(void);

#endif
