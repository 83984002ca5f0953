/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PluginAdapter and PluginBatchAdapter: features from code that is not ours. Its find runs on the crew's threads; its
 * answers come from wherever it likes. It is closed and unloaded when its last find has returned.
 */
#include "adaptor.h"

#include "base/log.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "errand.h"
#include "plugin.h"
#include "serving-server-conf.h"

enum { FAULT = 110, CODE_MIN = 100, CODE_MAX = 199, WHY_MAX = 256 };

struct plugin_source {
	struct fsv_plugin plugin;
	struct fate_server server;	/* what the plugin calls */
	struct fsv_crew *_Atomic crew;	/* NULL until it is there */
	size_t max_answer;
	void *state;
	bool open;
};

struct plugin_adaptor {
	struct fsv_adaptor base;
	struct plugin_source *source;	/* the crew's: threads may outlive the adaptor */
	struct fsv_errand_opt errand;
};

/* What the plugin calls [any thread] ---------------------------------------------------------------- */

static int code_of(int code)
{
	return code == 0 || (code >= CODE_MIN && code <= CODE_MAX) ? code : FAULT;
}

/* Of a person. What is found must be of a size that is allowed. */
static const char *check_answer(const struct plugin_source *s, struct fsv_errand_answer *a)
{
	if (a->retcode != 0)
		return "the plugin has no features";
	if (a->features.n <= s->max_answer && (a->features.p || a->features.n == 0))
		return NULL;
	*a = (struct fsv_errand_answer){ .retcode = FAULT };
	return "the answer is larger than feature.plugin.max.answer";
}

static void on_answer(void *self, uint64_t ticket, int code, const char *features, size_t n)
{
	struct plugin_source *s = self;
	struct fsv_errand_answer a = { code_of(code), fsv_str_n(features, features ? n : 0) };
	const char *why = check_answer(s, &a);
	struct fsv_crew *crew = s->crew;

	if (crew)
		fsv_errand_answer(crew, ticket, a.retcode, &a, 1, why);
}

static void on_answer_batch(void *self, uint64_t ticket, int code, const struct fate_answer *answers, size_t n)
{
	struct plugin_source *s = self;
	struct fsv_errand_answer *rows = NULL;
	struct fsv_crew *crew = s->crew;

	if (!crew)
		return;
	code = code_of(code);
	if (code == 0) {
		rows = FSV_NEW_N(struct fsv_errand_answer, n + 1);
		for (size_t i = 0; i < n; i++) {
			const struct fate_text *f = &answers[i].features;

			rows[i] = (struct fsv_errand_answer){ code_of(answers[i].code), fsv_str_n(f->text, f->text ? f->n : 0) };
			(void)check_answer(s, &rows[i]);	/* the row says so itself */
		}
	}
	fsv_errand_answer(crew, ticket, code, rows, n, code ? "the plugin has no features" : NULL);
	free(rows);
}

static void on_log(void *self, int level, const char *case_id, const char *text)
{
	struct plugin_source *s = self;
	const struct fsv_log_tags tags = { .case_id = case_id };
	int at = level < FSV_LOG_ERR ? FSV_LOG_ERR : level > FSV_LOG_DEBUG ? FSV_LOG_DEBUG : level;

	fsv_log_limited(at, &tags, "plugin %.64s: %.400s", s->plugin.adaptor->name, text ? text : "");
}

/* The crew's ---------------------------------------------------------------------------------------- */

static int sit(void *arg, void **ret_seat, struct fsv_err *err)
{
	(void)err;
	*ret_seat = arg;
	return 0;
}

static void rise(void *arg, void *seat)
{
	(void)arg;
	(void)seat;
}

static void ask_one(struct plugin_source *s, const struct fsv_errand *e)
{
	const struct fsv_str keys = e->rows[0].keys;

	s->plugin.adaptor->find(s->state, &(struct fate_request){
		.size = sizeof(struct fate_request), .ticket = e->job.ticket, .deadline_ns = e->job.deadline,
		.case_id = e->case_id, .keys = { keys.p, keys.n },
	});
}

static void ask_batch(struct plugin_source *s, const struct fsv_errand *e)
{
	struct fate_text *keys = FSV_NEW_N(struct fate_text, e->n_rows + 1);

	for (size_t i = 0; i < e->n_rows; i++)
		keys[i] = (struct fate_text){ e->rows[i].keys.p, e->rows[i].keys.n };
	s->plugin.adaptor->find_batch(s->state, &(struct fate_batch_request){
		.size = sizeof(struct fate_batch_request), .ticket = e->job.ticket, .deadline_ns = e->job.deadline,
		.case_id = e->case_id, .keys = keys, .n = e->n_rows,
	});
	free(keys);
}

static bool work(void *arg, void **seat, struct fsv_crew_job *job)
{
	struct fsv_errand *e = (struct fsv_errand *)job;

	(void)seat;
	if (e->is_batch)
		ask_batch(arg, e);
	else
		ask_one(arg, e);
	return true;
}

static void gone(void *arg)
{
	struct plugin_source *s = arg;

	if (s->open)
		s->plugin.adaptor->close(s->state);
	fsv_plugin_unload(&s->plugin);
	free(s);
}

static const struct fsv_crew_trade trade = {
	.name = "plugin", .sit = sit, .rise = rise, .work = work, .unanswered = fsv_errand_unanswered,
	.free_job = fsv_errand_free, .gone = gone,
};

/* The adaptor --------------------------------------------------------------------------------------- */

/* "key=value"; what has no = is a key with an empty value. Texts are in the arena. */
static struct fate_option *read_options(const char *const *list, struct fsv_arena *arena, size_t *ret_n)
{
	struct fate_option *options;
	size_t n = 0;

	while (list[n])
		n++;
	options = FSV_ARENA_NEW_N(arena, struct fate_option, n + 1);
	for (size_t i = 0; i < n; i++) {
		struct fsv_str item = fsv_str(list[i]);
		size_t cut = fsv_str_find(item, '=', 0);

		options[i].key = fsv_arena_cstr(arena, fsv_str_trim(fsv_str_sub(item, 0, cut)));
		options[i].value = fsv_arena_cstr(arena, fsv_str_trim(fsv_str_sub(item, cut + 1, item.n)));
	}
	*ret_n = n;
	return options;
}

static int open_plugin(struct plugin_source *s, const struct fsv_conf *conf, struct fsv_err *err)
{
	const struct fate_adaptor *a = s->plugin.adaptor;
	struct fate_option *options;
	char why[WHY_MAX] = "";
	struct fsv_arena arena;
	size_t n;

	fsv_arena_init(&arena, 0);
	options = read_options(fsv_conf_list(conf, FSV_SK_PLUGIN_OPTIONS), &arena, &n);
	s->open = a->open(&s->server, options, n, &s->state, why, sizeof(why)) == 0;
	fsv_arena_done(&arena);
	why[sizeof(why) - 1] = '\0';
	if (!s->open)
		return fsv_err_set(err, FSV_E_CONFIG, "plugin %.64s cannot start: %s", a->name, *why ? why : "no reason given");
	fsv_log_info("plugin %.64s %.64s: loaded", a->name, a->version ? a->version : "");
	return 0;
}

static int load(struct plugin_source *s, const struct fsv_conf *conf, bool batch, struct fsv_err *err)
{
	const char *file = fsv_conf_str(conf, FSV_SK_PLUGIN_FILE);
	int r;

	if (!file)
		return fsv_err_set(err, FSV_E_CONFIG, "this adaptor needs feature.plugin.file");
	r = fsv_plugin_load(fsv_conf_str(conf, FSV_SK_PLUGIN_FOLDER), file, &s->plugin, err);
	if (r < 0)
		return r;
	if (!batch && !s->plugin.adaptor->find)
		return fsv_err_set(err, FSV_E_CONFIG, "plugin %.64s serves batches only", s->plugin.adaptor->name);
	return open_plugin(s, conf, err);
}

static void find_one(struct fsv_adaptor *adaptor, struct fsv_lookup *lookup)
{
	fsv_errand_find(&((struct plugin_adaptor *)adaptor)->errand, lookup);
}

static void find_batch(struct fsv_adaptor *adaptor, struct fsv_batch_lookup *batch)
{
	fsv_errand_find_batch(&((struct plugin_adaptor *)adaptor)->errand, batch);
}

static int make(const struct fsv_conf *conf, const struct fsv_adaptor_env *env, bool batch,
		struct plugin_adaptor **ret_adaptor, struct fsv_err *err)
{
	struct plugin_source *s = FSV_NEW(struct plugin_source);
	struct plugin_adaptor *a;
	struct fsv_crew *crew;
	int r;

	s->max_answer = (size_t)fsv_conf_int(conf, FSV_SK_PLUGIN_MAX_ANSWER);
	s->server = (struct fate_server){
		.size = sizeof(s->server), .abi = FATE_ADAPTOR_ABI, .self = s, .answer = on_answer,
		.answer_batch = on_answer_batch, .log = on_log,
	};
	r = load(s, conf, batch, err);
	if (r < 0) {
		gone(s);
		return r;
	}
	r = fsv_crew_new(&(struct fsv_crew_opt){
		.trade = &trade, .arg = s, .threads = (unsigned)fsv_conf_int(conf, FSV_SK_PLUGIN_THREADS),
		.max_jobs = (unsigned)fsv_conf_int(conf, FSV_SK_PLUGIN_QUEUE), .crews = env->crews,
	}, &crew, err);
	if (r < 0)
		return r;
	s->crew = crew;
	a = FSV_NEW(struct plugin_adaptor);
	a->source = s;
	a->errand = (struct fsv_errand_opt){
		.source = "plugin", .crew = crew, .limit_ms = fsv_conf_int(conf, FSV_SK_PLUGIN_TIMEOUT),
	};
	*ret_adaptor = a;
	return 0;
}

static void release(struct fsv_adaptor *adaptor)
{
	struct plugin_adaptor *a = (struct plugin_adaptor *)adaptor;

	fsv_crew_free(a->source->crew);
	free(a);
}

static int make_one(const struct fsv_conf *conf, const struct fsv_adaptor_env *env, struct fsv_adaptor **ret_adaptor,
		    struct fsv_err *err)
{
	struct plugin_adaptor *a;
	int r = make(conf, env, false, &a, err);

	if (r == 0)
		*ret_adaptor = &a->base;
	return r;
}

/* A plugin without batches of its own is asked for each row. */
static int make_batch(const struct fsv_conf *conf, const struct fsv_adaptor_env *env, struct fsv_adaptor **ret_adaptor,
		      struct fsv_err *err)
{
	struct plugin_adaptor *a;
	int r = make(conf, env, true, &a, err);

	if (r < 0)
		return r;
	if (!a->source->plugin.adaptor->find_batch) {
		a->base.kind = &fsv_adaptor_plugin;
		*ret_adaptor = fsv_parallel_over(&a->base, conf);
	} else {
		*ret_adaptor = &a->base;
	}
	return 0;
}

const struct fsv_adaptor_kind fsv_adaptor_plugin = {
	.name = "PluginAdapter", .make = make_one, .find = find_one, .free = release,
};

const struct fsv_adaptor_kind fsv_adaptor_plugin_batch = {
	.name = "PluginBatchAdapter", .batch = true, .make = make_batch, .find_batch = find_batch, .free = release,
};
