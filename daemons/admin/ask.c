/* SPDX-License-Identifier: Apache-2.0 */
#include "ask.h"

#include "base/time.h"

void fsv_asker_init(struct fsv_asker *asker, struct fsv_rpc_worker *worker, size_t max_message)
{
	asker->worker = worker;
	asker->max_message = max_message;
	TAILQ_INIT(&asker->rounds);
}

static void one_less(void *arg)
{
	struct fsv_round *round = arg;

	if (--round->left > 0)
		return;
	TAILQ_REMOVE(&round->asker->rounds, round, link);
	fsv_ref_put(&round->directory->ref);
	round->done(round);
}

static const char *explain(const struct fsv_question *q, int status, const char *text)
{
	struct fsv_arena *arena = q->round->arena;
	const char *address = q->node->address;

	switch (status) {
	case FSV_RPC_UNAVAILABLE:
		return fsv_arena_printf(arena, "nobody answers at %s: %s", address, text);
	case FSV_RPC_DEADLINE_EXCEEDED:
		return fsv_arena_printf(arena, "%s did not answer within %lld ms; what was asked of it may still happen", address,
					(long long)q->round->timeout_ms);
	case FSV_RPC_UNIMPLEMENTED:
		return fsv_arena_printf(arena, "%s, a %s, has no such call: %s", address, q->node->component, text);
	default:
		return fsv_arena_printf(arena, "%s: %s %s", address, fsv_rpc_status_name(status), text);
	}
}

static void on_answer(void *arg, int status, struct fsv_rpc_msg *reply, const char *text)
{
	struct fsv_question *q = arg;

	q->request = NULL;
	q->status = status;
	q->took_ns = fsv_now_ns() - q->took_ns;
	if (status == FSV_RPC_OK)
		q->reply = fsv_arena_str(q->round->arena, fsv_rpc_msg_body(reply));
	else
		q->fault = explain(q, status, text);
	one_less(q->round);
}

static void send(struct fsv_question *q, const struct fsv_rpc_meta *meta)
{
	struct fsv_round *round = q->round;
	struct fsv_rpc_channel *channel = fsv_dir_node_channel(q->node, round->asker->max_message);
	const struct fsv_rpc_request_opt opt = {
		.channel = channel, .method = q->method, .body = q->body, .deadline = fsv_deadline_in_ms(round->timeout_ms),
		.meta = meta, .n_meta = meta->value.n > 0,
	};

	q->took_ns = fsv_now_ns();
	if (channel) {
		round->left++;
		q->request = fsv_rpc_send(round->asker->worker, &opt, on_answer, q);
	} else {
		q->status = FSV_RPC_UNAVAILABLE;
		q->fault = fsv_arena_printf(round->arena, "%s is no address with a port", q->node->address);
	}
}

void fsv_round_start(struct fsv_asker *asker, struct fsv_round *round)
{
	const struct fsv_rpc_meta meta = { "caseid", round->case_id };

	round->asker = asker;
	round->left = 1;
	fsv_ref_get(&round->directory->ref);
	TAILQ_INSERT_TAIL(&asker->rounds, round, link);
	for (unsigned i = 0; i < round->n; i++) {
		round->questions[i].round = round;
		send(&round->questions[i], &meta);
	}
	/* Not now: the caller is not ready for what comes of it. */
	fsv_rpc_post(asker->worker, one_less, round);
}

void fsv_round_cancel(struct fsv_round *round)
{
	for (unsigned i = 0; i < round->n; i++)
		if (round->questions[i].request)
			fsv_rpc_cancel(round->questions[i].request);
}

void fsv_asker_cancel(struct fsv_asker *asker)
{
	struct fsv_round *round;

	TAILQ_FOREACH(round, &asker->rounds, link)
		fsv_round_cancel(round);
}
