/* SPDX-License-Identifier: Apache-2.0 */
/* The process itself, as /metrics shows it. */
#include "svc-private.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/metrics.h"
#include "base/time.h"
#include "monitor.h"

FSV_METRIC(build_info, FSV_GAUGE, "fate_serving_build_info", "daemon,version", "Always 1; which daemon this is.");
FSV_METRIC(draining, FSV_GAUGE, "fate_serving_draining", "", "1 while the daemon is being stopped, else 0.");
FSV_METRIC(in_flight, FSV_GAUGE, "fate_serving_in_flight", "", "Requests that have been accepted and not answered.");
FSV_METRIC(stalled, FSV_GAUGE, "fate_serving_stall_seconds", "",
	   "How long the slowest request handler has been running; above stall.limit the watchdog is not fed.");
FSV_METRIC(reloads, FSV_COUNTER, "fate_serving_reloads_total", "result",
	   "Reloads of the configuration, by result: ok, refused.");
FSV_METRIC(cpu_seconds, FSV_COUNTER, "process_cpu_seconds_total", "", "User and system time spent.");
FSV_METRIC(resident, FSV_GAUGE, "process_resident_memory_bytes", "", "Resident memory.");
FSV_METRIC(start_time, FSV_GAUGE, "process_start_time_seconds", "", "When the process started, since 1970.");
FSV_METRIC(open_fds, FSV_GAUGE, "process_open_fds", "", "Open file descriptors.");
FSV_METRIC(max_fds, FSV_GAUGE, "process_max_fds", "", "How many it may open.");

static double seconds_of(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double cpu_used(void)
{
	struct rusage used;

	return getrusage(RUSAGE_SELF, &used) == 0 ? seconds_of(used.ru_utime) + seconds_of(used.ru_stime) : 0;
}

static double memory_used(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	unsigned long pages = 0;

	if (!f)
		return 0;
	if (fscanf(f, "%*u %lu", &pages) != 1)
		pages = 0;
	fclose(f);
	return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static double fds_open(void)
{
	DIR *d = opendir("/proc/self/fd");
	double n = -3;		/* ".", ".." and the folder itself */

	if (!d)
		return 0;
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static double fds_allowed(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? (double)limit.rlim_cur : 0;
}

static double without_ourselves(unsigned busy)
{
	unsigned asking = fsv_monitor_asking();

	return busy > asking ? busy - asking : 0;
}

static void show(struct fsv_metric *metric, struct fsv_metric_out *out, void *arg)
{
	struct fsv_svc_state *state = arg;
	const struct fsv_svc_desc *desc = state->desc;

	if (metric == &build_info)
		fsv_metric_value(out, 1, desc->schema->daemon, FSV_VERSION);
	else if (metric == &draining)
		fsv_metric_value(out, atomic_load(&state->draining));
	else if (metric == &in_flight)
		fsv_metric_value(out, without_ourselves(desc->busy(state->svc)));
	else if (metric == &stalled)
		fsv_metric_value(out, (double)desc->stall_ns(state->svc) / 1e9);
	else if (metric == &cpu_seconds)
		fsv_metric_value(out, cpu_used());
	else if (metric == &resident)
		fsv_metric_value(out, memory_used());
	else if (metric == &start_time)
		fsv_metric_value(out, (double)state->started_ms / 1000);
	else if (metric == &open_fds)
		fsv_metric_value(out, fds_open());
	else if (metric == &max_fds)
		fsv_metric_value(out, fds_allowed());
}

static struct fsv_metric *const shown[] = {
	&build_info, &draining, &in_flight, &stalled, &cpu_seconds, &resident, &start_time, &open_fds, &max_fds,
};

void fsv_svc_metrics_open(struct fsv_svc_state *state)
{
	state->started_ms = fsv_wall_ms();
	/* Zeros from the start, so that the first event is an increase. */
	(void)fsv_series_of(&reloads, FSV_LABELS("ok"));
	(void)fsv_series_of(&reloads, FSV_LABELS("refused"));
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		fsv_metric_watch(shown[i], show, state);
}

void fsv_svc_metrics_close(const struct fsv_svc_state *state)
{
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		fsv_metric_unwatch(shown[i], state);
}

void fsv_svc_count_reload(bool taken)
{
	fsv_metric_count(&reloads, taken ? "ok" : "refused");
}
