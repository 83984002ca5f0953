/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as Java properties: refused with words, or imported into YAML that loads. */
#include <stdint.h>

#include "../unit/conf/schema.h"
#include "base/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_conf *conf = NULL;
	struct fsv_buf out, notes;
	int rc;

	fsv_log_set_level(FSV_LOG_OFF);
	fsv_buf_init(&out, NULL, 0);
	fsv_buf_init(&notes, NULL, 0);
	rc = fsv_conf_import(&test_schema, fsv_str_n((const char *)data, size), "f", &out, &notes, &err);
	FSV_BUG_ON(rc > 0 || (rc < 0 && (err.code != rc || !err.text[0])));
	if (rc == 0) {
		rc = fsv_conf_load_text(&test_schema, fsv_buf_str(&out), "g", &conf, &err);
		FSV_BUG_ON(rc < 0);
		FSV_BUG_ON(notes.n > 0 && notes.p[notes.n - 1] != '\n');
	}
	fsv_conf_unref(conf);
	fsv_buf_done(&out);
	fsv_buf_done(&notes);
	return 0;
}
