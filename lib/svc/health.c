/* SPDX-License-Identifier: Apache-2.0 */
#include "health.h"

#include <stdio.h>

#include "process.h"

enum { MEMORY_ALARM = 80 };

void fsv_health_begin(struct fsv_health *health, struct fsv_buf *out)
{
	fsv_jsonw_init(&health->w, out);
	fsv_jsonw_begin(&health->w, '{');
	fsv_jsonw_key(&health->w, FSV_STR("records"));
	fsv_jsonw_begin(&health->w, '[');
}

void fsv_health_record(struct fsv_health *health, const char *item, const char *state, const char *message)
{
	fsv_jsonw_begin(&health->w, '{');
	fsv_jsonw_kv_str(&health->w, "checkItemName", fsv_str(item));
	fsv_jsonw_kv_str(&health->w, "msg", fsv_str(message));
	fsv_jsonw_kv_str(&health->w, "healthCheckStatus", fsv_str(state));
	fsv_jsonw_end(&health->w, '}');
}

void fsv_health_memory(struct fsv_health *health)
{
	int64_t all, left;
	double percent;
	bool alarm;
	char text[64];

	fsv_machine_memory(&all, &left);
	if (all == 0)
		return;
	percent = 100.0 * (double)(all - left) / (double)all;
	alarm = percent > MEMORY_ALARM;
	snprintf(text, sizeof(text), "%susage:%.2f%%", alarm ? " " : "", percent);
	fsv_health_record(health, "check memory usage", alarm ? "error" : "ok", text);
}

void fsv_health_end(struct fsv_health *health)
{
	fsv_jsonw_end(&health->w, ']');
	fsv_jsonw_end(&health->w, '}');
}
