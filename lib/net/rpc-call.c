/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accepted calls. A context waits in an armed slot, carries one call, and goes back to its worker's
 * pool when all batches of the call have ended. Batches of a call:
 *
 *   accept   core fills the slot
 *   close    the caller went away or the call is over; started only when the handler has not replied
 *            by the time it returns, so a call answered at once needs one event less
 *   reply    all of the answer, and close when that is not under way
 */
#include "rpc-private.h"

#include <grpc/grpc_security.h>
#include <grpc/support/alloc.h>
#include <grpc/support/time.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "base/metrics.h"
#include "base/time.h"

FSV_METRIC(refused, FSV_COUNTER, "fate_serving_rpc_refused_total", "reason",
	   "gRPC calls that reached no handler, by reason: method (not served), empty, stopping, load (too many in "
	   "progress), deadline (passed already), message (too large or broken).");

enum { TEXT_MAX = 1000, PATH_SHOWN = 200, ARENA_FIRST = 16384 };

/* Contexts ------------------------------------------------------------------------------------- */

static struct fsv_rpc_call *call_take(struct fsv_rpc_worker *w)
{
	struct fsv_rpc_call *call = w->calls;

	if (call) {
		w->calls = call->next;
		w->n_calls--;
		return call;
	}
	call = FSV_NEW(struct fsv_rpc_call);
	fsv_rpc_out_init(&call->out);
	grpc_metadata_array_init(&call->meta);
	return call;
}

static void call_free(struct fsv_rpc_call *call)
{
	fsv_rpc_out_done(&call->out);
	free(call);
}

void fsv_rpc_call_pool_free(struct fsv_rpc_worker *w)
{
	while (w->calls) {
		struct fsv_rpc_call *call = w->calls;

		w->calls = call->next;
		call_free(call);
	}
	w->n_calls = 0;
	while (w->n_arenas > 0)
		fsv_arena_done(&w->arenas[--w->n_arenas]);
	free(w->arenas);
	w->arenas = NULL;
}

/* Arenas change hands apart from contexts: contexts take turns in their slots, while one warm arena
 * serves all calls that are answered at once. */
static void arena_take(struct fsv_rpc_worker *w, struct fsv_arena *arena)
{
	if (w->n_arenas > 0)
		*arena = w->arenas[--w->n_arenas];
	else
		fsv_arena_init(arena, ARENA_FIRST);
}

static void arena_give(struct fsv_rpc_worker *w, struct fsv_arena *arena)
{
	if (!w->arenas)
		w->arenas = FSV_NEW_N(struct fsv_arena, FSV_RPC_KEEP);
	if (w->n_arenas < FSV_RPC_KEEP) {
		fsv_arena_reset(arena);
		w->arenas[w->n_arenas++] = *arena;
	} else {
		fsv_arena_done(arena);
	}
}

/* Drops what belongs to the call and keeps what costs time to make. */
static void call_clear(struct fsv_rpc_call *call)
{
	fsv_rpc_msg_unref(call->msg);
	grpc_slice_buffer_reset_and_unref(&call->out.data.raw.slice_buffer);
	grpc_metadata_array_destroy(&call->meta);
	grpc_metadata_array_init(&call->meta);
	if (call->kind->method == NULL)
		grpc_call_details_destroy(&call->details);
	if (call->grpc) {
		arena_give(call->lane->worker, &call->arena);
		grpc_call_unref(call->grpc);
	}
	call->grpc = NULL;
	call->payload = NULL;
	call->msg = NULL;
	call->on_cancel = NULL;
	call->core_cancelled = 0;
	call->n_pending = 0;
	call->watching = call->replied = call->cancelled = call->counted = call->late = call->refused = false;
}

static void count_out(struct fsv_rpc_server *s)
{
	if (atomic_fetch_sub(&s->inflight, 1) == 1 && atomic_load(&s->closing))
		fsv_rpc_server_idle(s);
}

static void call_release(struct fsv_rpc_call *call)
{
	struct fsv_rpc_lane *lane = call->lane;
	struct fsv_rpc_worker *w = lane->worker;

	if (call->late)
		atomic_fetch_sub_explicit(&lane->server->late, 1, memory_order_relaxed);
	if (call->counted)
		count_out(lane->server);
	call_clear(call);
	if (w->n_calls < FSV_RPC_KEEP) {
		call->next = w->calls;
		w->calls = call;
		w->n_calls++;
	} else {
		call_free(call);
	}
	if (--lane->n_calls == 0)
		fsv_rpc_lane_ended(lane);
}

/* Accepting ------------------------------------------------------------------------------------ */

static void watch_close(struct fsv_rpc_call *call);

static bool count_in(struct fsv_rpc_call *call)
{
	struct fsv_rpc_server *s = call->lane->server;

	if (atomic_fetch_add_explicit(&s->inflight, 1, memory_order_relaxed) >= s->max_inflight) {
		count_out(s);
		return false;
	}
	call->counted = true;
	if (atomic_load_explicit(&s->draining, memory_order_relaxed)) {
		call->late = true;
		atomic_fetch_add_explicit(&s->late, 1, memory_order_relaxed);
	}
	return true;
}

static void refuse_unknown(struct fsv_rpc_call *call)
{
	size_t n = GRPC_SLICE_LENGTH(call->details.method);
	const char *path = (const char *)GRPC_SLICE_START_PTR(call->details.method);

	fsv_metric_count(&refused, "method");
	if (n > 0 && path[0] == '/') {
		path++;
		n--;
	}
	if (n > PATH_SHOWN)
		n = PATH_SHOWN;
	fsv_rpc_fail(call, FSV_RPC_UNIMPLEMENTED,
		     fsv_arena_printf(&call->arena, "Method not found: %.*s", (int)n, path));
}

/* Core delivers a call without a message when the caller ended it so, or when the message was larger than
 * max_message; it has then answered by itself and ignores what we say. */
static void refuse_empty(struct fsv_rpc_call *call)
{
	fsv_metric_count(&refused, "empty");
	fsv_rpc_fail(call, FSV_RPC_INTERNAL, "Half-closed without a request");
}

static bool open_message(struct fsv_rpc_call *call)
{
	int r = fsv_rpc_open_message(&call->msg->bytes, call->lane->server->max_message);

	if (r < 0)
		fsv_metric_count(&refused, "message");
	if (r == FSV_E_LIMIT)
		fsv_rpc_fail(call, FSV_RPC_RESOURCE_EXHAUSTED,
			     fsv_arena_printf(&call->arena, "Received message larger than max (%zu)",
					      call->lane->server->max_message));
	else if (r < 0)
		fsv_rpc_fail(call, FSV_RPC_INTERNAL, "the compressed message cannot be read");
	return r == 0;
}

static void refuse(struct fsv_rpc_call *call, const char *reason, int status, const char *text)
{
	fsv_metric_count(&refused, reason);
	call->refused = true;
	fsv_rpc_fail(call, status, text);
}

static void handle(struct fsv_rpc_call *call)
{
	int64_t now = fsv_now_ns();

	atomic_store_explicit(&call->lane->last_call, now, memory_order_relaxed);
	if (!call->kind->method)
		refuse_unknown(call);
	else if (!call->payload)
		refuse_empty(call);
	else if (atomic_load_explicit(&call->lane->server->closing, memory_order_relaxed))
		refuse(call, "stopping", FSV_RPC_UNAVAILABLE, "the server is shutting down");
	else if (!count_in(call))
		refuse(call, "load", FSV_RPC_RESOURCE_EXHAUSTED,
		       fsv_arena_printf(&call->arena, "too many requests in progress (%u)",
					call->lane->server->max_inflight));
	else if (fsv_rpc_call_deadline(call) <= now)
		/* Under load, work for callers that have given up would starve those who still wait. */
		refuse(call, "deadline", FSV_RPC_DEADLINE_EXCEEDED, "the deadline passed before the call was begun");
	else if (open_message(call))
		call->kind->method->handler(call, call->lane->server->user);
}

static void on_accept(struct fsv_rpc_op *op, bool ok)
{
	struct fsv_rpc_call *call = FSV_CONTAINER_OF(op, struct fsv_rpc_call, accept_op);

	if (!ok) {	/* the server shuts down */
		call_release(call);
		return;
	}
	if (!atomic_load_explicit(&call->lane->server->closed, memory_order_relaxed))
		fsv_rpc_call_arm(call->lane, call->kind);
	arena_take(call->lane->worker, &call->arena);
	if (call->payload)
		call->msg = fsv_rpc_msg_new(call->payload);
	if (!call->kind->method)
		call->deadline = call->details.deadline;
	handle(call);
	/* The reply's completion comes through this worker's queue, so the context is still ours. */
	if (!call->replied)
		watch_close(call);
}

void fsv_rpc_call_arm(struct fsv_rpc_lane *lane, const struct fsv_rpc_slot_kind *kind)
{
	struct fsv_rpc_call *call = call_take(lane->worker);
	grpc_completion_queue *cq = lane->worker->cq;
	grpc_call_error e;

	lane->n_calls++;
	call->lane = lane;
	call->kind = kind;
	fsv_rpc_op_set(&call->accept_op, on_accept);
	if (kind->method) {
		e = grpc_server_request_registered_call(lane->server->grpc, kind->registered, &call->grpc,
							&call->deadline, &call->meta, &call->payload, cq, cq,
							&call->accept_op);
	} else {
		grpc_call_details_init(&call->details);
		e = grpc_server_request_call(lane->server->grpc, &call->grpc, &call->details, &call->meta,
					     cq, cq, &call->accept_op);
	}
	FSV_BUG_ON(e != GRPC_CALL_OK);
}

/* The end of a call ---------------------------------------------------------------------------- */

static void batch_ended(struct fsv_rpc_call *call)
{
	if (--call->n_pending == 0 && call->replied)
		call_release(call);
}

static void on_close(struct fsv_rpc_op *op, bool ok)
{
	struct fsv_rpc_call *call = FSV_CONTAINER_OF(op, struct fsv_rpc_call, close_op);
	void (*fn)(void *arg) = call->on_cancel;

	(void)ok;	/* this operation always succeeds */
	if (!call->replied) {
		call->cancelled = true;
		call->on_cancel = NULL;
		if (fn)
			fn(call->on_cancel_arg);
	}
	batch_ended(call);
}

static void on_reply(struct fsv_rpc_op *op, bool ok)
{
	(void)ok;	/* a caller that has gone is of no interest any more */
	batch_ended(FSV_CONTAINER_OF(op, struct fsv_rpc_call, reply_op));
}

static grpc_op close_batch(struct fsv_rpc_call *call)
{
	call->watching = true;
	return (grpc_op){ .op = GRPC_OP_RECV_CLOSE_ON_SERVER,
			  .data.recv_close_on_server.cancelled = &call->core_cancelled };
}

static void start(struct fsv_rpc_call *call, const grpc_op *ops, size_t n, struct fsv_rpc_op *op)
{
	call->n_pending++;
	FSV_BUG_ON(grpc_call_start_batch(call->grpc, ops, n, op, NULL) != GRPC_CALL_OK);
}

static void watch_close(struct fsv_rpc_call *call)
{
	grpc_op op = close_batch(call);

	fsv_rpc_op_set(&call->close_op, on_close);
	start(call, &op, 1, &call->close_op);
}

static bool can_ask_again(const struct fsv_rpc_call *call)
{
	return fsv_rpc_call_meta(call, FSV_RPC_AGAIN).n > 0;
}

/* A client of ours is told to leave. Fills one place. */
static size_t tell_to_leave(const struct fsv_rpc_call *call, grpc_metadata *meta)
{
	const struct fsv_rpc_server *s = call->lane->server;
	const char *word = s->held ? FSV_RPC_LEAVE_NOW : FSV_RPC_LEAVE_SOON;

	if (!atomic_load_explicit(&s->draining, memory_order_relaxed) || !can_ask_again(call))
		return 0;
	if (call->refused && atomic_load_explicit(&s->closing, memory_order_relaxed))
		word = FSV_RPC_LEAVE_NOT_BEGUN;
	memset(meta, 0, sizeof(*meta));
	meta->key = grpc_slice_from_static_string(FSV_RPC_LEAVE);
	meta->value = grpc_slice_from_static_string(word);
	return 1;
}

/* Sends what is in call->out, or none of it when status is not OK. */
static void send_reply(struct fsv_rpc_call *call, int status, grpc_slice *text)
{
	grpc_metadata leave;
	grpc_op ops[4];
	size_t n = 0;

	FSV_BUG_ON(call->replied);
	FSV_BUG_ON(fsv_rpc_self() != call->lane->worker);
	call->replied = true;
	ops[n++] = (grpc_op){ .op = GRPC_OP_SEND_INITIAL_METADATA };
	if (status == FSV_RPC_OK)
		ops[n++] = (grpc_op){ .op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = &call->out };
	ops[n++] = (grpc_op){ .op = GRPC_OP_SEND_STATUS_FROM_SERVER, .data.send_status_from_server = {
		.status = (grpc_status_code)status, .status_details = text,
		.trailing_metadata = &leave, .trailing_metadata_count = tell_to_leave(call, &leave) } };
	if (!call->watching)
		ops[n++] = close_batch(call);
	fsv_rpc_op_set(&call->reply_op, on_reply);
	start(call, ops, n, &call->reply_op);
}

void fsv_rpc_reply(struct fsv_rpc_call *call, struct fsv_str body)
{
	fsv_rpc_out_bytes(&call->out, body);
	send_reply(call, FSV_RPC_OK, NULL);
}

void fsv_rpc_reply_msg(struct fsv_rpc_call *call, struct fsv_rpc_msg *msg)
{
	fsv_rpc_out_msg(&call->out, msg);
	send_reply(call, FSV_RPC_OK, NULL);
}

void fsv_rpc_fail(struct fsv_rpc_call *call, int status, const char *text)
{
	struct fsv_str cut = fsv_str_sub(fsv_str(text), 0, TEXT_MAX);
	grpc_slice details;

	/* A cut inside a character would not arrive as text. */
	cut.n = cut.n == TEXT_MAX ? fsv_str_utf8(cut) : cut.n;
	details = grpc_slice_from_copied_buffer(cut.p, cut.n);
	send_reply(call, status == FSV_RPC_OK ? FSV_RPC_INTERNAL : status, &details);
	grpc_slice_unref(details);
}

/* Views ---------------------------------------------------------------------------------------- */

struct fsv_str fsv_rpc_call_body(struct fsv_rpc_call *call)
{
	return fsv_rpc_msg_body(call->msg);
}

struct fsv_rpc_msg *fsv_rpc_call_msg(struct fsv_rpc_call *call)
{
	return call->msg;
}

struct fsv_arena *fsv_rpc_call_arena(struct fsv_rpc_call *call)
{
	return &call->arena;
}

int64_t fsv_rpc_call_deadline(const struct fsv_rpc_call *call)
{
	gpr_timespec at = gpr_convert_clock_type(call->deadline, GPR_CLOCK_MONOTONIC);

	if (at.tv_sec < 0)
		return 0;
	if (at.tv_sec >= FSV_NO_DEADLINE / FSV_S - 1)
		return FSV_NO_DEADLINE;
	return at.tv_sec * FSV_S + at.tv_nsec;
}

static struct fsv_str slice_view(const grpc_slice *slice)
{
	return fsv_str_n((const char *)GRPC_SLICE_START_PTR(*slice), GRPC_SLICE_LENGTH(*slice));
}

struct fsv_str fsv_rpc_call_meta(const struct fsv_rpc_call *call, const char *key)
{
	struct fsv_str want = fsv_str(key);

	for (size_t i = 0; i < call->meta.count; i++)
		if (fsv_str_eq(slice_view(&call->meta.metadata[i].key), want))
			return slice_view(&call->meta.metadata[i].value);
	return FSV_STR_NULL;
}

struct fsv_str fsv_rpc_call_hops(const struct fsv_rpc_call *call)
{
	return fsv_rpc_call_meta(call, FSV_RPC_AGAIN);
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Of a connection that was accepted by us core knows only the descriptor. */
static struct fsv_str peer_of_fd(struct fsv_rpc_call *call, const char *number)
{
	struct sockaddr_storage addr;
	socklen_t n = sizeof(addr);
	char host[INET6_ADDRSTRLEN], port[8];
	int64_t fd;

	if (!fsv_str_to_i64(fsv_str(number), &fd) || getpeername((int)fd, (struct sockaddr *)&addr, &n) < 0 ||
	    getnameinfo((struct sockaddr *)&addr, n, host, sizeof(host), port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return FSV_STR("unknown");
	return fsv_str(fsv_arena_printf(&call->arena, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port));
}

/* Core gives a URI: "ipv6:%5B::1%5D:3456". */
struct fsv_str fsv_rpc_call_peer(struct fsv_rpc_call *call)
{
	char *uri = grpc_call_get_peer(call->grpc);
	char *from = strncmp(uri, "ipv4:", 5) == 0 || strncmp(uri, "ipv6:", 5) == 0 ? uri + 5 : uri;
	char *text = fsv_arena_alloc(&call->arena, strlen(from) + 1), *to = text;

	if (strncmp(uri, "fd:", 3) == 0) {
		struct fsv_str peer = peer_of_fd(call, uri + 3);

		gpr_free(uri);
		return peer;
	}
	while (*from) {
		int high = from[0] == '%' ? hex(from[1]) : -1;
		int low = high >= 0 ? hex(from[2]) : -1;

		if (low >= 0) {
			*to++ = (char)(16 * high + low);
			from += 3;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
	gpr_free(uri);
	return fsv_str_n(text, (size_t)(to - text));
}

static struct fsv_str property(grpc_auth_context *auth, const char *name, struct fsv_arena *arena)
{
	grpc_auth_property_iterator it = grpc_auth_context_find_properties_by_name(auth, name);
	const grpc_auth_property *p = grpc_auth_property_iterator_next(&it);

	if (!p || p->value_length == 0)
		return FSV_STR_NULL;
	return fsv_arena_str(arena, fsv_str_n(p->value, p->value_length));
}

struct fsv_str fsv_rpc_call_identity(struct fsv_rpc_call *call)
{
	grpc_auth_context *auth = grpc_call_auth_context(call->grpc);
	struct fsv_str name = FSV_STR_NULL;

	if (auth && grpc_auth_context_peer_is_authenticated(auth)) {
		name = property(auth, GRPC_X509_CN_PROPERTY_NAME, &call->arena);
		if (name.n == 0)
			name = property(auth, GRPC_PEER_DNS_PROPERTY_NAME, &call->arena);
	}
	grpc_auth_context_release(auth);
	return name;
}

const struct fsv_rpc_server *fsv_rpc_call_server(const struct fsv_rpc_call *call)
{
	return call->lane->server;
}

struct fsv_rpc_worker *fsv_rpc_call_worker(const struct fsv_rpc_call *call)
{
	return call->lane->worker;
}

bool fsv_rpc_call_too_late(const struct fsv_rpc_call *call)
{
	return call->late && !can_ask_again(call);
}

bool fsv_rpc_call_cancelled(const struct fsv_rpc_call *call)
{
	return call->cancelled || fsv_rpc_call_deadline(call) <= fsv_now_ns();
}

void fsv_rpc_call_on_cancel(struct fsv_rpc_call *call, void (*fn)(void *arg), void *arg)
{
	call->on_cancel = fn;
	call->on_cancel_arg = arg;
}
