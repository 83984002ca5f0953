/* SPDX-License-Identifier: Apache-2.0 */
#include "adaptor.h"

#include "base/log.h"
#include "base/time.h"
#include "conf/conf.h"
#include "serving-server-conf.h"

/* Of what the caller leaves us, this is kept for scoring and the way back. */
#define MARGIN_MAX	(50 * FSV_MS)
#define MARGIN_PART	10

enum { NO_FEATURE = 113 };

#define CLASS_PREFIX	"com.webank.ai.fate.serving.adaptor.dataaccess."

static const struct fsv_adaptor_kind *const kinds[] = {
	&fsv_adaptor_mock, &fsv_adaptor_mock_batch, &fsv_adaptor_file, &fsv_adaptor_file_batch, &fsv_adaptor_pick,
	&fsv_adaptor_pick_batch, &fsv_adaptor_http, &fsv_adaptor_http_by_header, &fsv_adaptor_http_batch,
	&fsv_adaptor_sql, &fsv_adaptor_mysql, &fsv_adaptor_sql_batch, &fsv_adaptor_plugin, &fsv_adaptor_plugin_batch,
	&fsv_adaptor_redis, &fsv_adaptor_redis_batch, &fsv_adaptor_parallel,
};

/* The keys that name adaptors. */
static const struct {
	unsigned key;
	bool batch;
} places[] = {
	{ FSV_SK_SINGLE_ADAPTOR, false },
	{ FSV_SK_BATCH_ADAPTOR, true },
	{ FSV_SK_BATCH_SINGLE_ADAPTOR, false },
};

const struct fsv_adaptor_kind *fsv_adaptor_kind(const char *name)
{
	struct fsv_str full = fsv_str_trim(fsv_str(name)), prefix = FSV_STR(CLASS_PREFIX);
	struct fsv_str simple = fsv_str_starts(full, prefix) ? fsv_str_sub(full, prefix.n, full.n) : full;

	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (fsv_str_is(simple, kinds[i]->name))
			return kinds[i];
	return NULL;
}

int fsv_adaptor_check(const struct fsv_conf *conf, struct fsv_err *err)
{
	for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const char *name = fsv_conf_str(conf, places[i].key);
		const struct fsv_adaptor_kind *kind = name ? fsv_adaptor_kind(name) : NULL;

		if (kind && kind->batch != places[i].batch)
			return fsv_err_set(err, FSV_E_CONFIG, "%s: %s: %s serves %s, this key needs an adaptor for %s",
					   fsv_conf_where(conf, places[i].key),
					   fsv_server_schema.keys[places[i].key].name, kind->name,
					   kind->batch ? "batches" : "single look-ups",
					   places[i].batch ? "batches" : "single look-ups");
	}
	return 0;
}

struct fsv_adaptor *fsv_adaptor_new(const struct fsv_conf *conf, unsigned key, const struct fsv_adaptor_env *env)
{
	const char *name = fsv_conf_str(conf, key), *key_name = fsv_server_schema.keys[key].name;
	const struct fsv_adaptor_kind *kind;
	struct fsv_adaptor *adaptor = NULL;
	struct fsv_err err;

	if (!name || fsv_str_blank(fsv_str(name)))
		return NULL;
	kind = fsv_adaptor_kind(name);
	if (!kind) {
		fsv_log_err("%s: %s: this version has no adaptor %s; requests that need it are answered 116",
			    fsv_conf_where(conf, key), key_name, name);
		return NULL;
	}
	if (kind->make(conf, env, &adaptor, &err) < 0) {
		fsv_log_err("%s: %s: %s; requests that need it are answered 116", fsv_conf_where(conf, key), key_name,
			    err.text);
		return NULL;
	}
	if (!adaptor->kind)
		adaptor->kind = kind;
	return adaptor;
}

struct fsv_adaptor *fsv_adaptor_free(struct fsv_adaptor *adaptor)
{
	if (adaptor)
		adaptor->kind->free(adaptor);
	return NULL;
}

int64_t fsv_lookup_limit(int64_t callers, int64_t own_ms)
{
	int64_t now = fsv_now_ns(), own = fsv_deadline_in_ms(own_ms), margin;

	if (callers == FSV_NO_DEADLINE)
		return own;
	margin = callers > now ? (callers - now) / MARGIN_PART : 0;
	return fsv_min_deadline(own, callers - (margin < MARGIN_MAX ? margin : MARGIN_MAX));
}

void fsv_lookup_log(const struct fsv_lookup *lookup, const char *source, int retcode, const char *why)
{
	const struct fsv_log_tags tags = { .case_id = lookup->case_id };

	/* That somebody is not known is nothing special, and must not crowd out what is. */
	if (retcode == NO_FEATURE)
		fsv_log(FSV_LOG_DEBUG, &tags, "case %s: %s: %s; the look-up ends with %d", lookup->case_id, source, why, retcode);
	else
		fsv_log_limited(FSV_LOG_INFO, &tags, "case %s: %s: %s; the look-up ends with %d", lookup->case_id, source, why,
				retcode);
}

void fsv_batch_lookup_log(const struct fsv_batch_lookup *batch, const char *source, int retcode, const char *why)
{
	const struct fsv_log_tags tags = { .case_id = batch->case_id };

	fsv_log_limited(FSV_LOG_INFO, &tags, "case %s: %s: %s; the batch of %zu ends with %d", batch->case_id, source, why,
			batch->n_rows, retcode);
}
