/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests. A channel holds core's channel in a counted leg, so that renewed certificates can put a new
 * leg in while requests on the old one run to their end. A request is one batch on the completion queue
 * of its worker: one event when all of it is over.
 *
 * A server that is being stopped says so beside its answers (FSV_RPC_LEAVE). The channel then puts a new leg in, whose
 * connection reaches the next process, and for a while requests wait for that one to come up. A request that the old
 * server had not begun is sent again there.
 *
 * A target that cannot be reached, without a word, may be about to come back too: for a shorter while, counted from the
 * first failure, requests wait for it. Then they fail at once, until it has been reached again.
 */
#include "rpc-private.h"

#include <grpc/grpc_security.h>
#include <grpc/support/alloc.h>
#include <grpc/support/time.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/metrics.h"
#include "base/ref.h"
#include "base/time.h"

enum {
	BACKOFF_FIRST_MS = 100, BACKOFF_MAX_MS = 5000,
	CONNECT_MS = 5000,
	META_MAX = 8, TEXT_MAX = 512,
	SENDS_MAX = 8, PAUSE_FIRST_MS = 10, STEP_MS = 100,
};

FSV_METRIC(resent, FSV_COUNTER, "fate_serving_rpc_resent_total", "target",
	   "gRPC requests sent again because their server was being stopped, or not there for a moment, and had not "
	   "begun them.");

struct leg {
	struct fsv_ref ref;
	grpc_channel *grpc;
	unsigned generation;	/* of the certificates */
};

struct fsv_rpc_channel {
	struct fsv_ref ref;
	struct fsv_snapshot leg;
	char *target;
	struct fsv_tls *tls;
	size_t max_message;
	pthread_mutex_t renewing;	/* held by the one that makes a new leg */
	_Atomic int64_t patient_until;	/* the target is expected to come back; monotonic ns */
	_Atomic bool lost;		/* it could not be reached, and has not been since */
};

struct fsv_rpc_request {
	struct fsv_rpc_op op;
	struct fsv_rpc_request *next;	/* in a worker's free list */
	struct fsv_rpc_worker *worker;
	struct fsv_rpc_channel *channel;
	struct leg *leg;
	grpc_call *grpc;
	const char *method;
	int64_t deadline;
	fsv_rpc_done *done;
	void *arg;
	bool outside;			/* made by another thread than the worker's */
	bool once, elsewhere, cancelled;
	bool unsent;			/* nobody has begun it */
	unsigned n_sent;
	grpc_byte_buffer out;		/* core empties it … */
	grpc_byte_buffer again;		/* … so here are the same bytes for another time */
	grpc_byte_buffer *reply;
	grpc_metadata meta[META_MAX + 1];
	size_t n_meta;
	grpc_metadata_array initial, trailing;
	grpc_status_code status;
	grpc_slice details;
	const char *error;		/* core's own account of a status that is not OK */
	char text[TEXT_MAX];
};

/* Channels ------------------------------------------------------------------------------------- */

static void leg_free(struct fsv_ref *ref)
{
	struct leg *leg = FSV_CONTAINER_OF(ref, struct leg, ref);

	grpc_channel_destroy(leg->grpc);
	free(leg);
	grpc_shutdown();
}

static grpc_channel *create(const struct fsv_rpc_channel *channel, grpc_channel_credentials *credentials)
{
	grpc_arg args[] = {
		fsv_rpc_arg(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, channel->max_message),
		fsv_rpc_arg(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0),	/* ours is bounded */
		fsv_rpc_arg(GRPC_ARG_KEEPALIVE_TIME_MS, FSV_RPC_KEEPALIVE_MS),
		fsv_rpc_arg(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, FSV_RPC_KEEPALIVE_TIMEOUT_MS),
		fsv_rpc_arg(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1),
		fsv_rpc_arg(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0),
		fsv_rpc_arg(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, BACKOFF_FIRST_MS),
		fsv_rpc_arg(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, BACKOFF_MAX_MS),
		/* For core this is how long one attempt to connect may take. */
		fsv_rpc_arg(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, CONNECT_MS),
		/* Without a policy these are only of what never reached a server: the connection ended before a
		 * request was sent, or the server named it as not processed. */
		fsv_rpc_arg(GRPC_ARG_ENABLE_RETRIES, 1),
		fsv_rpc_arg(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1),
		/* Two channels to one target may differ in their certificates. */
		fsv_rpc_arg(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1),
		/* Partners are reached directly, whatever the environment says. */
		fsv_rpc_arg(GRPC_ARG_ENABLE_HTTP_PROXY, 0),
		fsv_rpc_arg(GRPC_ARG_ENABLE_CHANNELZ, 0),
	};
	const grpc_channel_args list = { sizeof(args) / sizeof(args[0]), args };

	return grpc_channel_create(channel->target, credentials, &list);
}

static struct leg *leg_new(const struct fsv_rpc_channel *channel)
{
	struct leg *leg = FSV_NEW(struct leg);
	grpc_channel_credentials *credentials;

	grpc_init();	/* a leg may live longer than the workers */
	fsv_ref_init(&leg->ref, leg_free);
	credentials = channel->tls ? fsv_tls_channel_credentials(channel->tls, &leg->generation)
				   : grpc_insecure_credentials_create();
	leg->grpc = create(channel, credentials);
	grpc_channel_credentials_release(credentials);
	return leg;
}

static struct leg *current(struct fsv_rpc_channel *channel)
{
	return FSV_CONTAINER_OF(fsv_snapshot_get(&channel->leg), struct leg, ref);
}

/* Requests wait for the target so long from now on, or longer if they did already. */
static void be_patient(struct fsv_rpc_channel *channel, int64_t ms)
{
	int64_t until = fsv_deadline_in_ms(ms), old = atomic_load(&channel->patient_until);

	while (old < until && !atomic_compare_exchange_weak(&channel->patient_until, &old, until))
		;
}

/* The target asked us, on this request's leg, to leave it. */
static void move(struct fsv_rpc_request *req)
{
	struct fsv_rpc_channel *channel = req->channel;
	struct leg *leg;

	if (pthread_mutex_trylock(&channel->renewing) != 0)
		return;		/* somebody else does it */
	leg = current(channel);
	if (leg == req->leg) {	/* else it has been done */
		be_patient(channel, atomic_load(&req->worker->rpc->wait_restart_ms));
		fsv_snapshot_set(&channel->leg, &leg_new(channel)->ref);
	}
	pthread_mutex_unlock(&channel->renewing);
	fsv_ref_put(&leg->ref);
}

/* The leg to use now, with a reference. */
static struct leg *leg_get(struct fsv_rpc_channel *channel)
{
	struct leg *leg;

	if (channel->tls)
		fsv_tls_refresh_sometimes(channel->tls);
	leg = current(channel);
	if (!channel->tls || leg->generation == fsv_tls_generation(channel->tls))
		return leg;
	if (pthread_mutex_trylock(&channel->renewing) != 0)
		return leg;	/* somebody else makes it; the old one still works */
	fsv_snapshot_set(&channel->leg, &leg_new(channel)->ref);
	pthread_mutex_unlock(&channel->renewing);
	fsv_ref_put(&leg->ref);
	return current(channel);
}

static void channel_free(struct fsv_ref *ref)
{
	struct fsv_rpc_channel *channel = FSV_CONTAINER_OF(ref, struct fsv_rpc_channel, ref);

	fsv_snapshot_set(&channel->leg, NULL);
	pthread_mutex_destroy(&channel->renewing);
	if (channel->tls)
		fsv_tls_unref(channel->tls);
	free(channel->target);
	free(channel);
}

/* "host:port" with a port of 1 to 65535; a v6 address stands in brackets. */
static bool target_is_good(struct fsv_str target)
{
	struct fsv_str host, port;
	size_t colon = target.n;
	int64_t number;

	while (colon > 0 && target.p[colon - 1] != ':')
		colon--;
	if (colon < 2)
		return false;
	host = fsv_str_sub(target, 0, colon - 1);
	port = fsv_str_sub(target, colon, target.n);
	if (!fsv_str_to_i64(port, &number) || number < 1 || number > 65535)
		return false;
	if (host.p[0] == '[')
		return host.n > 2 && host.p[host.n - 1] == ']';
	for (size_t i = 0; i < host.n; i++)
		if (host.p[i] <= ' ' || strchr(":/?#%", host.p[i]))
			return false;
	return true;
}

int fsv_rpc_channel_new(const char *target, struct fsv_tls *tls, size_t max_message,
			struct fsv_rpc_channel **ret_channel, struct fsv_err *err)
{
	struct fsv_rpc_channel *channel;

	if (!target_is_good(fsv_str(target)))
		return fsv_err_set(err, FSV_E_SYNTAX, "\"%s\" is no address of the form host:port", target);
	channel = FSV_NEW(struct fsv_rpc_channel);
	fsv_ref_init(&channel->ref, channel_free);
	channel->target = fsv_str_dup(fsv_str(target));
	channel->tls = tls ? fsv_tls_ref(tls) : NULL;
	channel->max_message = max_message;
	pthread_mutex_init(&channel->renewing, NULL);
	fsv_snapshot_set(&channel->leg, &leg_new(channel)->ref);
	*ret_channel = channel;
	return 0;
}

struct fsv_rpc_channel *fsv_rpc_channel_ref(struct fsv_rpc_channel *channel)
{
	fsv_ref_get(&channel->ref);
	return channel;
}

struct fsv_rpc_channel *fsv_rpc_channel_unref(struct fsv_rpc_channel *channel)
{
	if (channel)
		fsv_ref_put(&channel->ref);
	return NULL;
}

const char *fsv_rpc_channel_target(const struct fsv_rpc_channel *channel)
{
	return channel->target;
}

bool fsv_rpc_channel_down(struct fsv_rpc_channel *channel)
{
	struct leg *leg = current(channel);
	bool down = grpc_channel_check_connectivity_state(leg->grpc, 0) == GRPC_CHANNEL_TRANSIENT_FAILURE;

	fsv_ref_put(&leg->ref);
	return down;
}

/* Requests ------------------------------------------------------------------------------------- */

static struct fsv_rpc_request *request_take(struct fsv_rpc_worker *w)
{
	bool outside = fsv_rpc_self() != w;
	struct fsv_rpc_request *req;

	if (outside) {
		pthread_mutex_lock(&w->lock);
		req = w->outside;
		if (req)
			w->outside = req->next;
		pthread_mutex_unlock(&w->lock);
	} else {
		req = w->requests;
		if (req) {
			w->requests = req->next;
			w->n_free_requests--;
		}
	}
	if (!req) {
		req = FSV_NEW(struct fsv_rpc_request);
		fsv_rpc_out_init(&req->out);
		fsv_rpc_out_init(&req->again);
	}
	req->worker = w;
	req->outside = outside;
	return req;
}

static void request_free(struct fsv_rpc_request *req)
{
	grpc_metadata_array_destroy(&req->initial);
	grpc_metadata_array_destroy(&req->trailing);
	fsv_rpc_out_done(&req->out);
	fsv_rpc_out_done(&req->again);
	free(req);
}

static void request_list_free(struct fsv_rpc_request *list)
{
	while (list) {
		struct fsv_rpc_request *next = list->next;

		request_free(list);
		list = next;
	}
}

void fsv_rpc_request_pool_free(struct fsv_rpc_worker *w)
{
	request_list_free(w->requests);
	request_list_free(w->outside);
	w->requests = w->outside = NULL;
	w->n_free_requests = 0;
}

/* What one sending leaves behind. */
static void request_reset(struct fsv_rpc_request *req)
{
	grpc_slice_buffer_reset_and_unref(&req->out.data.raw.slice_buffer);
	req->initial.count = req->trailing.count = 0;
	grpc_slice_unref(req->details);
	req->details = grpc_empty_slice();
	gpr_free((void *)req->error);
	req->error = NULL;
	if (req->grpc)
		grpc_call_unref(req->grpc);
	if (req->leg)
		fsv_ref_put(&req->leg->ref);
	req->grpc = NULL;
	req->leg = NULL;
	req->reply = NULL;
}

static void request_release(struct fsv_rpc_request *req)
{
	struct fsv_rpc_worker *w = req->worker;

	request_reset(req);
	grpc_slice_buffer_reset_and_unref(&req->again.data.raw.slice_buffer);
	for (size_t i = 0; i < req->n_meta; i++) {
		grpc_slice_unref(req->meta[i].key);
		grpc_slice_unref(req->meta[i].value);
	}
	fsv_rpc_channel_unref(req->channel);
	req->channel = NULL;
	req->cancelled = req->unsent = false;
	req->n_sent = 0;
	if (req->outside) {
		pthread_mutex_lock(&w->lock);
		req->next = w->outside;
		w->outside = req;
		pthread_mutex_unlock(&w->lock);
	} else if (w->n_free_requests < FSV_RPC_KEEP) {
		req->next = w->requests;
		w->requests = req;
		w->n_free_requests++;
	} else {
		request_free(req);
	}
	atomic_fetch_sub_explicit(&w->n_requests, 1, memory_order_release);
}

static void copy_text(struct fsv_rpc_request *req)
{
	struct fsv_str all = fsv_str_n((const char *)GRPC_SLICE_START_PTR(req->details),
				       GRPC_SLICE_LENGTH(req->details));
	struct fsv_str cut = fsv_str_sub(all, 0, sizeof(req->text) - 1);

	if (cut.n < all.n)
		cut.n = fsv_str_utf8(cut);
	if (cut.n > 0)
		memcpy(req->text, cut.p, cut.n);
	req->text[cut.n] = '\0';
}

static int check_reply(struct fsv_rpc_request *req)
{
	int r = req->reply ? fsv_rpc_open_message(&req->reply, req->channel->max_message) : FSV_E_SYNTAX;

	if (r == 0)
		return FSV_RPC_OK;
	if (r == FSV_E_LIMIT) {
		snprintf(req->text, sizeof(req->text), "Received message larger than max (%zu)",
			 req->channel->max_message);
		return FSV_RPC_RESOURCE_EXHAUSTED;
	}
	snprintf(req->text, sizeof(req->text), req->reply ? "the compressed answer cannot be read"
							  : "the answer has no message");
	return FSV_RPC_INTERNAL;
}

static void finish(struct fsv_rpc_request *req)
{
	int status = req->status == GRPC_STATUS_OK ? check_reply(req) : (int)req->status;
	struct fsv_rpc_msg *reply = NULL;

	if (req->reply)
		reply = fsv_rpc_msg_new(req->reply);
	req->worker->unsent = req->unsent;
	req->done(req->arg, status, status == FSV_RPC_OK ? reply : NULL, req->text);
	fsv_rpc_msg_unref(reply);
	request_release(req);
}

bool fsv_rpc_never_sent(void)
{
	return fsv_rpc_self()->unsent;
}

static struct fsv_str leave_word(const struct fsv_rpc_request *req)
{
	for (size_t i = 0; i < req->trailing.count; i++) {
		const grpc_metadata *m = &req->trailing.metadata[i];

		if (grpc_slice_str_cmp(m->key, FSV_RPC_LEAVE) == 0)
			return fsv_str_n((const char *)GRPC_SLICE_START_PTR(m->value), GRPC_SLICE_LENGTH(m->value));
	}
	return FSV_STR_NULL;
}

/* CANCELLED without our asking is core's word for a call that came while the server was closing its connections. */
static bool was_closing(const struct fsv_rpc_request *req)
{
	return req->status == GRPC_STATUS_CANCELLED && !req->cancelled && req->initial.count == 0;
}

static bool is_patient(const struct fsv_rpc_channel *channel)
{
	return atomic_load_explicit(&channel->patient_until, memory_order_relaxed) > fsv_now_ns();
}

/* Core tells it by its words alone. A server that passes on the same words, of its own way to somebody else, has been
 * reached: then core says whose words they are. Should these texts change, fewer requests find another way, and
 * tests/unit/net/test-rpc-again.c fails. */
static bool had_no_connection(const struct fsv_rpc_request *req)
{
	return req->status == GRPC_STATUS_UNAVAILABLE && req->initial.count == 0 && req->trailing.count == 0 &&
	       fsv_str_starts(fsv_str(req->text), FSV_STR("failed to connect to all addresses")) &&
	       req->error && !strstr(req->error, "Error received from peer");
}

static bool was_refused(const struct fsv_rpc_request *req, struct fsv_str word)
{
	return was_closing(req) || (req->status == GRPC_STATUS_UNAVAILABLE && fsv_str_is(word, FSV_RPC_LEAVE_NOT_BEGUN));
}

static bool can_send_again(const struct fsv_rpc_request *req)
{
	return !req->once && !req->elsewhere && !req->cancelled && req->n_sent < SENDS_MAX && req->deadline > fsv_now_ns();
}

/* What the server said beside its answer, or did. */
static void heed(struct fsv_rpc_request *req, struct fsv_str word)
{
	if (fsv_str_is(word, FSV_RPC_LEAVE_SOON))
		be_patient(req->channel, atomic_load(&req->worker->rpc->wait_restart_ms));
	else if (word.n > 0 || was_closing(req))
		move(req);
}

/* Whether the target was there, for those that ask it next. */
static void note(struct fsv_rpc_request *req, bool no_connection)
{
	struct fsv_rpc_channel *channel = req->channel;

	if (no_connection) {
		if (!atomic_exchange(&channel->lost, true))
			be_patient(channel, atomic_load(&req->worker->rpc->wait_absent_ms));
	} else if ((req->status == GRPC_STATUS_OK || req->initial.count + req->trailing.count > 0) &&
		   atomic_load_explicit(&channel->lost, memory_order_relaxed)) {
		atomic_store(&channel->lost, false);
	}
}

static void go_on(struct fsv_rpc_op *op, bool ok);

static gpr_timespec to_core(int64_t ns)
{
	return (gpr_timespec){ .tv_sec = ns / FSV_S, .tv_nsec = (int32_t)(ns % FSV_S), .clock_type = GPR_CLOCK_MONOTONIC };
}

/* Goes on at that time, or earlier when something happens to the connection; maybe before this returns. */
static void pause(struct fsv_rpc_request *req, grpc_connectivity_state state, int64_t until)
{
	grpc_channel *channel = req->leg->grpc;
	grpc_completion_queue *cq = req->worker->cq;

	fsv_rpc_op_set(&req->op, go_on);	/* the last touch of req */
	grpc_channel_watch_connectivity_state(channel, state, to_core(until), cq, &req->op);
}

/* After a moment, as the new connection may still lead to the process that goes. */
static void send_again(struct fsv_rpc_request *req)
{
	int64_t until = fsv_deadline_in_ms((int64_t)PAUSE_FIRST_MS << (req->n_sent - 1));

	request_reset(req);
	fsv_metric_count(&resent, req->channel->target);
	req->leg = leg_get(req->channel);
	pause(req, grpc_channel_check_connectivity_state(req->leg->grpc, 1), fsv_min_deadline(until, req->deadline));
}

static void on_done(struct fsv_rpc_op *op, bool ok)
{
	struct fsv_rpc_request *req = FSV_CONTAINER_OF(op, struct fsv_rpc_request, op);
	struct fsv_str word = leave_word(req);
	bool refused = was_refused(req, word), no_connection;

	(void)ok;	/* a batch that receives the status always succeeds */
	copy_text(req);
	no_connection = had_no_connection(req);
	note(req, no_connection);
	heed(req, word);
	req->unsent = refused || no_connection;
	if ((refused || (req->unsent && is_patient(req->channel))) && can_send_again(req))
		send_again(req);
	else
		finish(req);
}

/* For what goes wrong before core takes the request: done must not run inside fsv_rpc_send. */
static void fail_later(void *arg)
{
	finish(arg);
}

static void fill_meta(struct fsv_rpc_request *req, const struct fsv_rpc_request_opt *opt)
{
	static const char digits[] = "0123456789";

	FSV_BUG_ON(opt->n_meta > META_MAX || opt->hops > 9);
	memset(req->meta, 0, sizeof(req->meta));
	for (unsigned i = 0; i < opt->n_meta; i++) {
		req->meta[i].key = grpc_slice_from_static_string(opt->meta[i].key);
		req->meta[i].value = grpc_slice_from_copied_buffer(opt->meta[i].value.p, opt->meta[i].value.n);
	}
	req->n_meta = opt->n_meta;
	if (opt->once)
		return;
	req->meta[req->n_meta].key = grpc_slice_from_static_string(FSV_RPC_AGAIN);
	req->meta[req->n_meta++].value = grpc_slice_from_static_buffer(&digits[opt->hops], 1);
}

static void fill_out(struct fsv_rpc_request *req)
{
	const grpc_slice_buffer *kept = &req->again.data.raw.slice_buffer;

	for (size_t i = 0; i < kept->count; i++)
		grpc_slice_buffer_add(&req->out.data.raw.slice_buffer, grpc_slice_ref(kept->slices[i]));
}

/* From the moment core takes the batch, the request may be over on the worker at any time. */
static grpc_call_error start(struct fsv_rpc_request *req)
{
	const grpc_op ops[] = {
		{ .op = GRPC_OP_SEND_INITIAL_METADATA,
		  .data.send_initial_metadata = { .count = req->n_meta, .metadata = req->meta } },
		{ .op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = &req->out },
		{ .op = GRPC_OP_SEND_CLOSE_FROM_CLIENT },
		{ .op = GRPC_OP_RECV_INITIAL_METADATA,
		  .data.recv_initial_metadata.recv_initial_metadata = &req->initial },
		{ .op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &req->reply },
		{ .op = GRPC_OP_RECV_STATUS_ON_CLIENT, .data.recv_status_on_client = {
			.trailing_metadata = &req->trailing, .status = &req->status,
			.status_details = &req->details, .error_string = &req->error } },
	};
	grpc_call *call = req->grpc;

	fsv_rpc_op_set(&req->op, on_done);	/* the last touch of req */
	return grpc_call_start_batch(call, ops, sizeof(ops) / sizeof(ops[0]), &req->op, NULL);
}

/* On req->leg. NULL, or why core does not take it. */
static const char *begin(struct fsv_rpc_request *req)
{
	grpc_call_error e;

	if (req->deadline == FSV_NO_DEADLINE)
		return "a request without a deadline was refused";
	fill_out(req);
	req->n_sent++;
	req->grpc = grpc_channel_create_call(req->leg->grpc, NULL, GRPC_PROPAGATE_DEFAULTS, req->worker->cq,
					     grpc_slice_from_static_string(req->method), NULL, to_core(req->deadline), NULL);
	e = start(req);
	return e == GRPC_CALL_OK ? NULL : grpc_call_error_to_string(e);
}

static void refuse(struct fsv_rpc_request *req, grpc_status_code status, const char *why)
{
	req->status = status;
	snprintf(req->text, sizeof(req->text), "%s", why);
	fsv_rpc_post(req->worker, fail_later, req);
}

static void begin_or_fail(struct fsv_rpc_request *req)
{
	const char *why = begin(req);

	if (why)
		refuse(req, GRPC_STATUS_INTERNAL, why);
}

/* Not at all while the target is expected to come back. */
static void begin_at_once(struct fsv_rpc_request *req)
{
	req->unsent = is_patient(req->channel) &&
		      grpc_channel_check_connectivity_state(req->leg->grpc, 1) != GRPC_CHANNEL_READY;
	if (req->unsent)
		refuse(req, GRPC_STATUS_UNAVAILABLE, "it is being restarted, or cannot be reached");
	else
		begin_or_fail(req);
}

/* While the target is expected to come back, a request is sent once its connection is there. One that waits for
 * it until its deadline ends with what kept it from being sent. */
static void begin_when_ready(struct fsv_rpc_request *req)
{
	int64_t until = fsv_min_deadline(atomic_load_explicit(&req->channel->patient_until, memory_order_relaxed),
					 req->deadline);
	int64_t now = fsv_now_ns();
	grpc_connectivity_state state = GRPC_CHANNEL_READY;

	if (until > now)
		state = grpc_channel_check_connectivity_state(req->leg->grpc, 1);
	if (req->n_sent > 0 && req->status == GRPC_STATUS_UNAVAILABLE && req->deadline <= now)
		finish(req);
	else if (state == GRPC_CHANNEL_READY)
		begin_or_fail(req);
	else	/* in steps, so that a request that is cancelled ends soon */
		pause(req, state, fsv_min_deadline(until, fsv_deadline_in_ms(STEP_MS)));
}

static void go_on(struct fsv_rpc_op *op, bool ok)
{
	struct fsv_rpc_request *req = FSV_CONTAINER_OF(op, struct fsv_rpc_request, op);

	(void)ok;	/* the time is up, or the connection is in another state */
	if (req->cancelled) {
		req->status = GRPC_STATUS_CANCELLED;
		req->text[0] = '\0';
		finish(req);
	} else {
		begin_when_ready(req);
	}
}

struct fsv_rpc_request *fsv_rpc_send(struct fsv_rpc_worker *worker, const struct fsv_rpc_request_opt *opt,
				     fsv_rpc_done *done, void *arg)
{
	struct fsv_rpc_request *req = request_take(worker);

	atomic_fetch_add_explicit(&worker->n_requests, 1, memory_order_relaxed);
	req->done = done;
	req->arg = arg;
	req->channel = fsv_rpc_channel_ref(opt->channel);
	req->method = opt->method;
	req->deadline = opt->deadline;
	req->once = opt->once;
	req->elsewhere = opt->elsewhere;
	req->leg = leg_get(opt->channel);
	req->details = grpc_empty_slice();
	if (opt->msg)
		fsv_rpc_out_msg(&req->again, opt->msg);
	else
		fsv_rpc_out_bytes(&req->again, opt->body);
	fill_meta(req, opt);
	if (req->elsewhere)
		begin_at_once(req);
	else
		begin_when_ready(req);
	return req;
}

void fsv_rpc_cancel(struct fsv_rpc_request *request)
{
	request->cancelled = true;
	if (request->grpc)
		(void)grpc_call_cancel(request->grpc, NULL);	/* too late is as good */
}
