/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HttpAdapter and HttpAdapterByHeader: features from an HTTP service, asked with the keys that the guest sent.
 * The answer arrives on the client's thread, is copied, and is read on the request's own worker.
 */
#include "adaptor.h"

#include <stdio.h>

#include "base/mem.h"
#include "codec/json.h"
#include "conf/conf.h"
#include "http-answer.h"
#include "net/http-client.h"
#include "serving-server-conf.h"

#define SOURCE	"feature service"

enum { FAULT = 110, FAULT_TEXT_MAX = 160 };

struct http_adaptor {
	struct fsv_adaptor base;
	struct fsv_http_client *client;
	char *url;
	int64_t connect_ms, read_ms;
	size_t max_answer;
	bool by_header;
};

struct asking {
	struct http_adaptor *adaptor;
	struct fsv_lookup *lookup;
	int result;
	unsigned status;
	char why[FAULT_TEXT_MAX];
	char *body;			/* heap */
	size_t n;
};

/* [the request's worker] */
static void read_answer(void *arg)
{
	struct asking *q = arg;
	struct fsv_lookup *lookup = q->lookup;
	struct fsv_http_features f;

	if (q->result != 0) {
		fsv_lookup_fail(lookup, SOURCE, FAULT, q->why);
		return;
	}
	f = q->adaptor->by_header ?
		fsv_http_features_by_status(q->status, fsv_str_n(q->body, q->n), lookup->arena) :
		fsv_http_features_by_code(fsv_str_n(q->body, q->n), lookup->arena);
	f.features = fsv_arena_str(lookup->arena, f.features);
	free(q->body);
	if (f.retcode != 0)
		fsv_lookup_fail(lookup, SOURCE, f.retcode, f.text);
	else
		fsv_lookup_end(lookup, 0, f.features);
}

/* [the client's thread] */
static void on_answer(void *arg, const struct fsv_http_answer *answer)
{
	struct asking *q = arg;

	q->result = answer->result;
	q->status = answer->status;
	if (answer->result == 0) {
		q->body = fsv_str_dup(answer->body);
		q->n = answer->body.n;
	} else {
		snprintf(q->why, sizeof(q->why), "%s", answer->text);
	}
	fsv_rpc_post(q->lookup->worker, read_answer, q);
}

static void find(struct fsv_adaptor *adaptor, struct fsv_lookup *lookup)
{
	struct http_adaptor *a = (struct http_adaptor *)adaptor;
	struct asking *q = FSV_ARENA_NEW(lookup->arena, struct asking);
	struct fsv_buf body;
	struct fsv_err err;
	int r;

	q->adaptor = a;
	q->lookup = lookup;
	fsv_buf_init(&body, lookup->arena, 0);
	if (fsv_json_reencode(lookup->keys, true, lookup->arena, &body, &err) < 0) {
		fsv_lookup_fail(lookup, SOURCE, FAULT, err.text);
		return;
	}
	r = fsv_http_post(a->client, &(struct fsv_http_post_opt){
		.url = a->url, .body = fsv_buf_str(&body), .connect_timeout_ms = a->connect_ms,
		.read_timeout_ms = a->read_ms, .deadline = lookup->deadline, .max_answer = a->max_answer,
	}, on_answer, q);
	if (r < 0) {
		lookup->busy = true;
		fsv_lookup_fail(lookup, SOURCE, FAULT, "too many requests to the feature service are under way");
	}
}

static int make(const struct fsv_conf *conf, const struct fsv_adaptor_env *env, bool by_header,
		struct fsv_adaptor **ret_adaptor, struct fsv_err *err)
{
	const char *url = fsv_conf_str(conf, FSV_SK_HTTP_URL);
	struct http_adaptor *a;

	if (!url || fsv_str_blank(fsv_str(url)))
		return fsv_err_set(err, FSV_E_CONFIG, "this adaptor needs http.adapter.url");
	a = FSV_NEW(struct http_adaptor);
	a->client = env->client;
	a->url = fsv_str_dup(fsv_str_trim(fsv_str(url)));
	a->connect_ms = fsv_conf_int(conf, FSV_SK_HTTP_CONNECT_TIMEOUT);
	a->read_ms = fsv_conf_int(conf, FSV_SK_HTTP_READ_TIMEOUT);
	a->max_answer = (size_t)fsv_conf_int(conf, FSV_SK_HTTP_MAX_ANSWER);
	a->by_header = by_header;
	*ret_adaptor = &a->base;
	return 0;
}

static int make_by_code(const struct fsv_conf *conf, const struct fsv_adaptor_env *env,
			struct fsv_adaptor **ret_adaptor, struct fsv_err *err)
{
	return make(conf, env, false, ret_adaptor, err);
}

static int make_by_header(const struct fsv_conf *conf, const struct fsv_adaptor_env *env,
			  struct fsv_adaptor **ret_adaptor, struct fsv_err *err)
{
	return make(conf, env, true, ret_adaptor, err);
}

static void release(struct fsv_adaptor *adaptor)
{
	struct http_adaptor *a = (struct http_adaptor *)adaptor;

	free(a->url);
	free(a);
}

const struct fsv_adaptor_kind fsv_adaptor_http = {
	.name = "HttpAdapter", .make = make_by_code, .find = find, .free = release,
};

const struct fsv_adaptor_kind fsv_adaptor_http_by_header = {
	.name = "HttpAdapterByHeader", .make = make_by_header, .find = find, .free = release,
};
