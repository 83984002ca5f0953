/* SPDX-License-Identifier: Apache-2.0 */
#include "call.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>

#include "base/time.h"
#include "net/rpc.h"

enum { MAX_ANSWER = 1 << 30 };

struct waiting {
	pthread_mutex_t lock;
	pthread_cond_t over;
	bool done;
	int status;
	struct fsv_arena *arena;
	struct fsv_str answer;
	const char *text;
};

/* [the worker] The caller does nothing but wait, so the arena is ours. */
static void on_answer(void *arg, int status, struct fsv_rpc_msg *reply, const char *text)
{
	struct waiting *w = arg;

	w->status = status;
	w->text = fsv_arena_cstr(w->arena, fsv_str(text));
	if (status == FSV_RPC_OK)
		w->answer = fsv_arena_str(w->arena, fsv_rpc_msg_body(reply));
	pthread_mutex_lock(&w->lock);
	w->done = true;
	pthread_cond_signal(&w->over);
	pthread_mutex_unlock(&w->lock);
}

static int explain(const char *server, const struct waiting *w, int64_t timeout_ms, struct fsv_err *err)
{
	switch (w->status) {
	case FSV_RPC_UNAVAILABLE:
		return fsv_err_set(err, FSV_E_NET, "nobody answers at %s (%s); is fate-serving-server running there, and is this "
				   "its gRPC port (the key port)? \"systemctl status fate-serving-server\" on that machine tells",
				   server, w->text);
	case FSV_RPC_DEADLINE_EXCEEDED:
		return fsv_err_set(err, FSV_E_DEADLINE, "%s did not answer within %lld s; it may still be at it: look with "
				   "\"fate-servingctl model list --server %s\", or wait longer with --timeout", server,
				   (long long)timeout_ms / 1000, server);
	case FSV_RPC_UNIMPLEMENTED:
		return fsv_err_set(err, FSV_E_COMMAND, "%s is no serving server (%s); name the gRPC port of a "
				   "fate-serving-server", server, w->text);
	default:
		return fsv_err_set(err, FSV_E_NET, "%s: %s %s", server, fsv_rpc_status_name(w->status), w->text);
	}
}

int fsv_ctl_call(const char *server, const char *method, struct fsv_str request, int64_t timeout_ms,
		 struct fsv_arena *arena, struct fsv_str *ret_answer, struct fsv_err *err)
{
	struct waiting w = { .lock = PTHREAD_MUTEX_INITIALIZER, .over = PTHREAD_COND_INITIALIZER, .arena = arena };
	struct fsv_rpc_channel *channel;
	struct fsv_rpc *rpc;
	int r = fsv_rpc_channel_new(server, NULL, MAX_ANSWER, &channel, err);

	if (r < 0)
		return r;
	r = fsv_rpc_new(1, &rpc, err);
	if (r == 0) {
		(void)fsv_rpc_send(fsv_rpc_pick(rpc), &(struct fsv_rpc_request_opt){
			.channel = channel, .method = method, .body = request, .deadline = fsv_deadline_in_ms(timeout_ms),
		}, on_answer, &w);
		pthread_mutex_lock(&w.lock);
		while (!w.done)
			pthread_cond_wait(&w.over, &w.lock);
		pthread_mutex_unlock(&w.lock);
	}
	fsv_rpc_channel_unref(channel);
	if (r < 0)
		return r;
	fsv_rpc_free(rpc);
	if (w.status != FSV_RPC_OK)
		return explain(server, &w, timeout_ms, err);
	*ret_answer = w.answer;
	return 0;
}
