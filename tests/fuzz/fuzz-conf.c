/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a configuration file: refused with words, or loaded; what loads dumps to a stable text. */
#include <stdint.h>

#include "../unit/conf/schema.h"
#include "base/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fsv_conf *load(struct fsv_str text)
{
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_conf *conf = NULL;
	int rc = fsv_conf_load_text(&test_schema, text, "f", &conf, &err);

	FSV_BUG_ON(rc > 0 || (rc < 0 && (err.code != rc || !err.text[0])) || (rc == 0) != (conf != NULL));
	return conf;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fsv_conf *one, *two;
	struct fsv_buf first, second, keys;

	fsv_log_set_level(FSV_LOG_OFF);
	one = load(fsv_str_n((const char *)data, size));
	if (!one)
		return 0;
	fsv_buf_init(&first, NULL, 0);
	fsv_buf_init(&second, NULL, 0);
	fsv_buf_init(&keys, NULL, 0);
	fsv_conf_dump(one, &first);
	two = load(fsv_buf_str(&first));
	FSV_BUG_ON(!two);
	fsv_conf_dump(two, &second);
	FSV_BUG_ON(!fsv_str_eq(fsv_buf_str(&first), fsv_buf_str(&second)));
	/* Secrets are the one thing that a dump does not carry over. */
	if (fsv_conf_restart_keys(one, two, &keys) > 0)
		FSV_BUG_ON(!fsv_str_is(fsv_buf_str(&keys), "redis.password"));
	fsv_buf_done(&first);
	fsv_buf_done(&second);
	fsv_buf_done(&keys);
	fsv_conf_unref(one);
	fsv_conf_unref(two);
	return 0;
}
