/* SPDX-License-Identifier: Apache-2.0 */
#include "forward-http.h"

#include <errno.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"

/* One packet under way. The answer's bytes belong to the client's thread, so they are copied once on
 * their way to the worker. */
struct job {
	struct fsv_arena *arena;
	struct fsv_rpc_worker *worker;
	fsv_forward_done *done;
	void *arg;
	int result;
	char *body;
	size_t body_len;
	char *why;
};

static void deliver(void *arg)
{
	static const char invalid[] = "receive invalid http response";
	struct job *job = arg;
	struct fsv_err err = FSV_ERR_INIT;
	Fsv__Packet *packet;

	if (job->result < 0)
		job->done(job->arg, NULL, FSV_E_RESPONSE, invalid, job->why);
	else if (fsv_packet_from_json(fsv_str_n(job->body, job->body_len), job->arena, &packet, &err) < 0)
		job->done(job->arg, NULL, FSV_E_RESPONSE, invalid, err.text);
	else
		job->done(job->arg, packet, 0, "", "");
	free(job->body);
	free(job->why);
	free(job);
}

static void answered(void *arg, const struct fsv_http_answer *answer)
{
	struct job *job = arg;

	job->result = answer->result;
	if (answer->result < 0)
		job->why = fsv_str_dup(fsv_str(answer->text ? answer->text : fsv_err_words(answer->result)));
	else
		job->body = fsv_str_dup(answer->body);	/* whatever the status is, as the reference has it */
	job->body_len = answer->body.n;
	fsv_rpc_post(job->worker, deliver, job);
}

int fsv_forward_http(struct fsv_http_client *client, const struct fsv_forward *opt, fsv_forward_done *done,
		     void *arg, struct fsv_err *err)
{
	struct job *job = FSV_NEW(struct job);
	const char *const headers[] = {
		"Content-Encoding: UTF-8",	/* not a coding, but what the reference sends */
		fsv_arena_printf(opt->arena, "caseId: %.*s", FSV_STR_ARG(opt->trace->case_id)),
		fsv_arena_printf(opt->arena, "traceparent: %.*s", FSV_STR_ARG(opt->trace->traceparent)),
		fsv_arena_printf(opt->arena, "fate-hops: %u", opt->trace->hops + 1),
	};
	struct fsv_buf json;
	int r;

	*job = (struct job){ .arena = opt->arena, .worker = opt->worker, .done = done, .arg = arg };
	fsv_buf_init(&json, opt->arena, 0);
	fsv_packet_to_json(opt->packet, &json);
	r = fsv_http_post(client, &(struct fsv_http_post_opt){
		.url = opt->url, .body = fsv_buf_str(&json), .headers = headers, .n_headers = 4,
		.connect_timeout_ms = opt->connect_ms, .read_timeout_ms = opt->read_ms, .deadline = opt->deadline,
		.max_answer = opt->max_answer, .accept_self_signed = true,
	}, answered, job);
	if (r == 0)
		return 0;
	free(job);
	if (r == -EAGAIN)
		return fsv_err_set(err, FSV_E_OVERLOAD, "too many packets are under way to partners reached by url");
	return fsv_err_set(err, FSV_E_SYSTEM, "the packet could not be sent to the url of its route");
}
