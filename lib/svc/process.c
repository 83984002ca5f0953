/* SPDX-License-Identifier: Apache-2.0 */
#include "process.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/fd.h"
#include "base/time.h"
#include "codec/json.h"

enum { PROC_MAX = 64 * 1024 };

/* The number behind "name:" in a file of the kernel; 0 when there is none. */
static int64_t number_in(const char *path, const char *name)
{
	char *text = NULL, *at;
	int64_t value = 0;
	size_t n = 0;

	if (fsv_read_file(path, PROC_MAX, &text, &n, NULL) < 0)
		return 0;
	at = strstr(text, name);
	if (at)
		value = strtoll(at + strlen(name), NULL, 10);
	free(text);
	return value;
}

/* Units hide from daemons what is in /proc beside processes (ProcSubset=pid); this stays visible. Per node there is no
 * MemAvailable, but what it is made of. */
static void memory_of_nodes(int64_t *all, int64_t *left)
{
	char path[64];
	int64_t total;

	for (unsigned i = 0;; i++) {
		snprintf(path, sizeof(path), "/sys/devices/system/node/node%u/meminfo", i);
		total = number_in(path, "MemTotal:");
		if (total == 0)
			return;
		*all += total;
		*left += number_in(path, "MemFree:") + number_in(path, "FilePages:") - number_in(path, "Shmem:") +
			 number_in(path, "SReclaimable:");
	}
}

void fsv_machine_memory(int64_t *ret_all, int64_t *ret_left)
{
	*ret_all = number_in("/proc/meminfo", "MemTotal:");
	*ret_left = number_in("/proc/meminfo", "MemAvailable:");
	if (*ret_all == 0)
		memory_of_nodes(ret_all, ret_left);
}

static void memory(struct fsv_jsonw *w, const char *name, int64_t used, int64_t max)
{
	char text[32];

	fsv_jsonw_key(w, fsv_str(name));
	fsv_jsonw_begin(w, '{');
	fsv_jsonw_kv_int(w, "init", 0);
	fsv_jsonw_kv_int(w, "used", used);
	fsv_jsonw_kv_int(w, "committed", used);
	fsv_jsonw_kv_int(w, "max", max);
	fsv_jsonw_key(w, FSV_STR("usedPercent"));
	snprintf(text, sizeof(text), "%.9f", max > 0 ? (double)used / (double)max : 0);
	fsv_jsonw_raw(w, fsv_str(text));
	fsv_jsonw_end(w, '}');
}

void fsv_process_write(struct fsv_buf *out)
{
	int64_t used = number_in("/proc/self/status", "VmRSS:") * 1024, all, left;
	struct fsv_jsonw w;

	fsv_machine_memory(&all, &left);
	fsv_jsonw_init(&w, out);
	fsv_jsonw_begin(&w, '[');
	fsv_jsonw_begin(&w, '{');
	fsv_jsonw_kv_int(&w, "timestamp", fsv_wall_ms());
	memory(&w, "heap", used, all > 0 ? all * 1024 : -1);
	memory(&w, "eden", 0, -1);
	memory(&w, "old", 0, -1);
	fsv_jsonw_kv_int(&w, "yongGcCount", 0);
	fsv_jsonw_kv_int(&w, "yongGcTime", 0);
	fsv_jsonw_kv_int(&w, "fullGcCount", 0);
	fsv_jsonw_kv_int(&w, "threadCount", number_in("/proc/self/status", "Threads:"));
	fsv_jsonw_kv_int(&w, "fullGcTime", 0);
	memory(&w, "nonHeap", 0, -1);
	memory(&w, "survivor", 0, -1);
	fsv_jsonw_end(&w, '}');
	fsv_jsonw_end(&w, ']');
}
