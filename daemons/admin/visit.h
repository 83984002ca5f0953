/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call of the API, from its arrival to its one answer. A handler reads fields, finds the node that is meant, asks
 * it, and replies; everything lies in the request's arena and is gone with the reply. [the worker]
 */
#ifndef FSV_ADMIN_VISIT_H
#define FSV_ADMIN_VISIT_H

#include "admin.h"
#include "base/err.h"
#include "call/message.h"
#include "codec/json.h"
#include "fields.h"
#include "net/http.h"

enum { FSV_NO_SESSION = 127 };

enum fsv_endpoint_flag {
	FSV_EP_POST = 1,	/* else GET */
	FSV_EP_OPEN = 2,	/* no session needed */
	FSV_EP_POLL = 4,	/* does not prolong the session */
	FSV_EP_OPERATOR = 8,	/* viewers may not */
	FSV_EP_NO_BODY = 16,	/* a POST that has none */
	FSV_EP_AUDIT = 32,	/* changes something */
	FSV_EP_TAIL = 64,	/* the last segment of the path is a parameter */
	FSV_EP_TEXT = 128,	/* answers plain text */
};

struct fsv_visit;

struct fsv_endpoint {
	const char *path;
	unsigned flags;
	const char *name;	/* "model/unload", for the audit and for metrics */
	void (*handler)(struct fsv_visit *visit);
};

struct fsv_visit {
	struct fsv_admin *admin;
	struct fsv_http_req *req;
	struct fsv_arena *arena;
	const struct fsv_endpoint *endpoint;
	struct fsv_str tail;			/* with FSV_EP_TAIL */
	const struct fsv_json_node *body;	/* an object; of a POST with a body */
	struct fsv_str token;
	struct fsv_session session;		/* a copy; user "" without one */
	struct fsv_str case_id;			/* once a node has been asked */
	struct fsv_round round;
	struct fsv_question question;
	void (*after)(struct fsv_visit *visit);
	void *data;				/* the handler's */
	int64_t began;
	struct fsv_visit *next;			/* of those that wait for a shared result */
	/* For the audit. */
	bool audited;
	struct fsv_str target, parameters;
};

/* Answers ------------------------------------------------------------------------------------------------ */

/* data: JSON; FSV_STR_NULL = {}. retmsg may be NULL. Ends the visit. */
void fsv_visit_reply(struct fsv_visit *visit, int retcode, const char *retmsg, struct fsv_str data);
/* As above with header lines. */
void fsv_visit_reply_with(struct fsv_visit *visit, int retcode, const char *retmsg, struct fsv_str data,
			  const struct fsv_http_header_out *headers, unsigned n_headers);
/* 120, 110, 105 in the reference's words, with a reason of ours behind them unless it is NULL. */
void fsv_visit_bad_parameter(struct fsv_visit *visit, const char *why);
void fsv_visit_system_error(struct fsv_visit *visit, const char *why);
void fsv_visit_remote_error(struct fsv_visit *visit, const char *why);
/* {"total":n,"rows":[ into out, which need not be initialised; what is written to w from then on are rows. The other one
 * closes both and replies. */
void fsv_visit_rows(struct fsv_visit *visit, size_t total, struct fsv_buf *out, struct fsv_jsonw *w);
void fsv_visit_reply_rows(struct fsv_visit *visit, int retcode, const char *retmsg, struct fsv_jsonw *w);
/* Plain text, as the log level switch answers. */
void fsv_visit_text(struct fsv_visit *visit, const char *text, int retcode);

/* Parameters: of the query for GET, of the body for POST --------------------------------------------------- */

/* FSV_STR_NULL when absent or null. Numbers and booleans count as their text. */
struct fsv_str fsv_visit_str(struct fsv_visit *visit, const char *name);
/* Leniently: 8000, "8000", 8000.7; "" is absent. */
enum fsv_field fsv_visit_int(struct fsv_visit *visit, const char *name, int64_t *ret_value);
/* The value as it stands in the body, re-encoded; FSV_STR_NULL when absent or null. */
struct fsv_str fsv_visit_json(struct fsv_visit *visit, const char *name);

/* Notes a parameter for the audit. */
void fsv_visit_note(struct fsv_visit *visit, const char *name, struct fsv_str value);

/* Nodes ---------------------------------------------------------------------------------------------------- */

/* The node that host and port name. component: what it must be, NULL = serving or proxy. NULL when it is none, and the
 * visit has been answered. */
struct fsv_dir_node *fsv_visit_node(struct fsv_visit *visit, const char *component);
/* The same with other names for the fields. */
struct fsv_dir_node *fsv_visit_node_at(struct fsv_visit *visit, const char *host, const char *port, const char *component);

/* Asks and calls after, with visit->question answered. */
void fsv_visit_ask(struct fsv_visit *visit, struct fsv_dir_node *node, const char *method, const ProtobufCMessage *message,
		   int64_t timeout_ms, void (*after)(struct fsv_visit *visit));
/* Inside after: the answer, or NULL when there is none, and the visit has been answered: 105 for sync, else 110. */
ProtobufCMessage *fsv_visit_answer(struct fsv_visit *visit, const ProtobufCMessageDescriptor *type, bool sync);
/* For after: pass a node's code and message on; the answer is a CommonResponse or begins as one. None at all is 105, with
 * _async, as the reference asks, 110. */
void fsv_visit_pass(struct fsv_visit *visit);
void fsv_visit_pass_async(struct fsv_visit *visit);
/* A round of many; round->questions and n are the caller's. */
void fsv_visit_ask_all(struct fsv_visit *visit, void (*after)(struct fsv_visit *visit));
void fsv_visit_set_case_id(struct fsv_visit *visit);

int64_t fsv_visit_timeout(const struct fsv_visit *visit);	/* grpc.timeout */

/* Cancels what is asked for visitors that have gone. */
void fsv_visit_cancel_left(struct fsv_admin *admin);

/* Pages: 1 and 10 unless given; what is too large becomes the most. True and the range of rows, within n. */
struct fsv_page {
	size_t from, to;
};
bool fsv_visit_page(struct fsv_visit *visit, size_t n, size_t usual, struct fsv_page *ret_page);

#endif
