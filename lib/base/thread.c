/* SPDX-License-Identifier: Apache-2.0 */
#include "thread.h"

#include <sched.h>
#include <signal.h>

int fsv_thread_start(pthread_t *ret_thread, const char *name, void *(*fn)(void *), void *arg,
		     struct fsv_err *err)
{
	sigset_t all, old;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(ret_thread, NULL, fn, arg);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r != 0)
		return fsv_err_errno(err, r, "cannot start thread %s", name);
	(void)pthread_setname_np(*ret_thread, name);	/* only for people */
	return 0;
}

unsigned fsv_cpus(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) < 0 || CPU_COUNT(&set) < 1)
		return 1;
	return (unsigned)CPU_COUNT(&set);
}
