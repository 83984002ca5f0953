/* SPDX-License-Identifier: Apache-2.0 */
/* /metrics as fate-servingctl reads it, from whatever answers on a daemon's port. */
#include "../../daemons/ctl/scrape.h"

#include <stddef.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fsv_str text = fsv_str_n((const char *)data, size);
	struct fsv_arena arena;
	struct fsv_scrape s;
	struct fsv_err err;

	fsv_arena_init(&arena, 0);
	if (fsv_scrape_parse(text, &arena, &s, &err) == 0 && s.n > 0) {
		struct fsv_str first = s.samples[0].n_labels > 0 ? s.samples[0].values[0] : FSV_STR("");

		for (size_t i = 0; i < s.n; i++)
			FSV_BUG_ON(s.samples[i].name.n == 0 || s.samples[i].n_labels > FSV_SCRAPE_LABELS);
		(void)fsv_scrape_quantile(&s, NULL, "x", "a", first, 0.5);
		(void)fsv_scrape_quantile(&s, &s, "x", NULL, first, 0.99);
		(void)fsv_scrape_total(&s, "x");
	}
	fsv_arena_done(&arena);
	return 0;
}
