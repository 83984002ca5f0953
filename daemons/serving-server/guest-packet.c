/* SPDX-License-Identifier: Apache-2.0 */
/* The packets that a guest sends to its hosts. */
#include "guest-private.h"

#include "call/message.h"
#include "codec/json.h"
#include "server.h"

/* As the reference's encoder has it. Checked when the request was read, so it cannot fail; no member must come of it
 * if it did. */
static struct fsv_str encode(struct fsv_guest *g, struct fsv_str remote)
{
	struct fsv_err err;
	struct fsv_buf text;

	if (remote.n <= 2)
		return FSV_STR("{}");
	fsv_buf_init(&text, g->in.arena, 0);
	if (fsv_json_reencode(remote, true, g->in.arena, &text, &err) < 0)
		return FSV_STR("{}");
	return fsv_buf_str(&text);
}

void fsv_guest_encode_sent(struct fsv_guest *g)
{
	if (g->kind == FSV_REQUEST_SINGLE) {
		g->request.remote = encode(g, g->request.remote);
		return;
	}
	for (size_t i = 0; i < g->n_rows; i++) {
		struct fsv_request_row *row = &g->request.rows[g->order[i]];

		row->remote = encode(g, row->remote);
	}
}

static void write_remote(struct fsv_jsonw *w, struct fsv_str encoded)
{
	fsv_jsonw_key(w, FSV_STR("sendToRemoteFeatureData"));
	fsv_jsonw_raw(w, encoded);
}

static void write_no_features(struct fsv_jsonw *w)
{
	fsv_jsonw_key(w, FSV_STR("featureData"));
	fsv_jsonw_raw(w, FSV_STR("{}"));
}

/* In the order of arrival, as the client gave them. left_out may be NULL. */
static void write_rows(const struct fsv_guest *g, const bool *left_out, struct fsv_jsonw *w)
{
	fsv_jsonw_key(w, FSV_STR("batchDataList"));
	fsv_jsonw_begin(w, '[');
	for (size_t i = 0; i < g->request.n_rows; i++) {
		const struct fsv_request_row *row = &g->request.rows[i];

		if (row->superseded || (left_out && left_out[i]))
			continue;
		fsv_jsonw_begin(w, '{');
		fsv_jsonw_kv_int(w, "index", row->index);
		write_no_features(w);
		write_remote(w, row->remote);
		fsv_jsonw_key(w, FSV_STR("needCheckFeature"));
		fsv_jsonw_bool(w, false);
		fsv_jsonw_end(w, '}');
	}
	fsv_jsonw_end(w, ']');
}

/* Up to where a batch's names the party. */
static void begin_body(const struct fsv_guest *g, const bool *left_out, struct fsv_buf *body)
{
	char seqno[33];
	struct fsv_jsonw w;

	fsv_random_hex32(seqno);
	fsv_buf_init(body, g->in.arena, 0);
	fsv_jsonw_init(&w, body);
	fsv_jsonw_begin(&w, '{');
	fsv_jsonw_kv_str(&w, "seqno", FSV_STR(seqno));
	fsv_jsonw_kv_str(&w, "caseId", g->trace.case_id);
	write_no_features(&w);
	if (g->kind == FSV_REQUEST_SINGLE) {
		write_remote(&w, g->request.remote);
		fsv_jsonw_end(&w, '}');
		return;
	}
	write_remote(&w, FSV_STR("{}"));
	write_rows(g, left_out, &w);
}

/* The members that name the party close a batch's body. */
static void end_batch_body(const struct fsv_guest *g, const struct fsv_partner *partner, struct fsv_buf *body)
{
	struct fsv_jsonw w = { .out = body, .comma = true };

	fsv_jsonw_kv_str(&w, "hostTableName", fsv_str(partner->table_name));
	fsv_jsonw_kv_str(&w, "hostNamespace", fsv_str(partner->name_space));
	fsv_jsonw_kv_str(&w, "guestPartyId", fsv_str(g->model->party_id));
	fsv_jsonw_kv_str(&w, "hostPartyId", fsv_str(partner->party_id));
	fsv_jsonw_end(&w, '}');
}

/* The party's own body goes from the common one; where rows are left out for it, all of it is its own. */
static struct fsv_buf *party_body(struct fsv_guest *g, const struct fsv_guest_party *party, struct fsv_buf *own)
{
	struct fsv_buf *body = party->left_out ? own : &g->packet_body;

	if (party->left_out) {
		begin_body(g, party->left_out, body);
	} else if (body->n == 0) {
		begin_body(g, NULL, body);
		g->packet_common = body->n;
	}
	if (g->kind == FSV_REQUEST_BATCH)
		end_batch_body(g, party->partner, body);
	return body;
}

struct fsv_str fsv_guest_packet(struct fsv_guest *g, const struct fsv_guest_party *party)
{
	const struct fsv_partner *partner = party->partner;
	struct fsv_buf own, *json = party_body(g, party, &own);
	Fsv__Model model = FSV__MODEL__INIT;
	Fsv__Task task = FSV__TASK__INIT;
	Fsv__Topic src = FSV__TOPIC__INIT, dst = FSV__TOPIC__INIT;
	Fsv__Command command = FSV__COMMAND__INIT;
	Fsv__Metadata header = FSV__METADATA__INIT;
	Fsv__AuthInfo auth = FSV__AUTH_INFO__INIT;
	Fsv__Data body = FSV__DATA__INIT;
	Fsv__Packet packet = FSV__PACKET__INIT;
	struct fsv_str bytes;

	model.namespace_ = partner->name_space;
	model.tablename = partner->table_name;
	task.model = &model;
	src.partyid = g->model->party_id;
	dst.partyid = partner->party_id;
	src.role = dst.role = (char *)g->view->role;
	src.name = (char *)"partnerPartyName";
	dst.name = (char *)"partyName";
	command.name = (char *)(g->kind == FSV_REQUEST_BATCH ? "batch" : "federatedInference");
	header.task = &task;
	header.src = &src;
	header.dst = &dst;
	header.command = &command;
	header.operator_ = (char *)FSV_PROTOCOL_NUMBER;
	auth.nonce = (char *)g->trace.case_id.p;
	auth.version = (char *)FSV_PROTOCOL_NUMBER;
	auth.serviceid = fsv_arena_cstr(g->in.arena, g->request.service_id);
	auth.applyid = fsv_arena_cstr(g->in.arena, g->request.apply_id);
	body.value = (ProtobufCBinaryData){ json->n, (uint8_t *)json->p };
	packet.header = &header;
	packet.auth = &auth;
	packet.body = &body;
	bytes = fsv_packet_encode(&packet, g->in.arena);
	g->packet_body.n = g->packet_common;
	return bytes;
}
