/* SPDX-License-Identifier: Apache-2.0 */
/* The packets that a guest sends to its hosts. */
#include "guest-private.h"

#include "call/message.h"
#include "codec/json.h"
#include "server.h"

/* Checked when the request was read, so it cannot fail; no member must come of it if it did. */
static void write_remote(struct fsv_guest *g, struct fsv_jsonw *w, struct fsv_str remote)
{
	struct fsv_err err;
	struct fsv_buf text;

	fsv_jsonw_key(w, FSV_STR("sendToRemoteFeatureData"));
	if (remote.n <= 2) {
		fsv_jsonw_raw(w, FSV_STR("{}"));
		return;
	}
	fsv_buf_init(&text, g->in.arena, 0);
	if (fsv_json_reencode(remote, true, g->in.arena, &text, &err) < 0)
		fsv_jsonw_raw(w, FSV_STR("{}"));
	else
		fsv_jsonw_raw(w, fsv_buf_str(&text));
}

static void write_no_features(struct fsv_jsonw *w)
{
	fsv_jsonw_key(w, FSV_STR("featureData"));
	fsv_jsonw_raw(w, FSV_STR("{}"));
}

/* In the order of arrival, as the client gave them. */
static void write_rows(struct fsv_guest *g, struct fsv_jsonw *w)
{
	fsv_jsonw_key(w, FSV_STR("batchDataList"));
	fsv_jsonw_begin(w, '[');
	for (size_t i = 0; i < g->request.n_rows; i++) {
		const struct fsv_request_row *row = &g->request.rows[i];

		if (row->superseded)
			continue;
		fsv_jsonw_begin(w, '{');
		fsv_jsonw_kv_int(w, "index", row->index);
		write_no_features(w);
		write_remote(g, w, row->remote);
		fsv_jsonw_key(w, FSV_STR("needCheckFeature"));
		fsv_jsonw_bool(w, false);
		fsv_jsonw_end(w, '}');
	}
	fsv_jsonw_end(w, ']');
}

void fsv_guest_begin_packets(struct fsv_guest *g)
{
	char seqno[33];
	struct fsv_jsonw w;

	fsv_random_hex32(seqno);
	fsv_buf_init(&g->packet_body, g->in.arena, 0);
	fsv_jsonw_init(&w, &g->packet_body);
	fsv_jsonw_begin(&w, '{');
	fsv_jsonw_kv_str(&w, "seqno", FSV_STR(seqno));
	fsv_jsonw_kv_str(&w, "caseId", g->trace.case_id);
	write_no_features(&w);
	if (g->kind == FSV_REQUEST_SINGLE) {
		write_remote(g, &w, g->request.remote);
		fsv_jsonw_end(&w, '}');
		return;
	}
	fsv_jsonw_key(&w, FSV_STR("sendToRemoteFeatureData"));
	fsv_jsonw_raw(&w, FSV_STR("{}"));
	write_rows(g, &w);
}

/* The members that name the party close a batch's body. */
static void end_batch_body(struct fsv_guest *g, const struct fsv_partner *partner, struct fsv_buf *body)
{
	struct fsv_jsonw w = { .out = body, .comma = true };

	fsv_jsonw_kv_str(&w, "hostTableName", fsv_str(partner->table_name));
	fsv_jsonw_kv_str(&w, "hostNamespace", fsv_str(partner->name_space));
	fsv_jsonw_kv_str(&w, "guestPartyId", fsv_str(g->model->party_id));
	fsv_jsonw_kv_str(&w, "hostPartyId", fsv_str(partner->party_id));
	fsv_jsonw_end(&w, '}');
}

struct fsv_str fsv_guest_packet(struct fsv_guest *g, const struct fsv_partner *partner)
{
	size_t common = g->packet_body.n;
	Fsv__Model model = FSV__MODEL__INIT;
	Fsv__Task task = FSV__TASK__INIT;
	Fsv__Topic src = FSV__TOPIC__INIT, dst = FSV__TOPIC__INIT;
	Fsv__Command command = FSV__COMMAND__INIT;
	Fsv__Metadata header = FSV__METADATA__INIT;
	Fsv__AuthInfo auth = FSV__AUTH_INFO__INIT;
	Fsv__Data body = FSV__DATA__INIT;
	Fsv__Packet packet = FSV__PACKET__INIT;
	struct fsv_str bytes;

	if (g->kind == FSV_REQUEST_BATCH)
		end_batch_body(g, partner, &g->packet_body);
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
	body.value = (ProtobufCBinaryData){ g->packet_body.n, (uint8_t *)g->packet_body.p };
	packet.header = &header;
	packet.auth = &auth;
	packet.body = &body;
	bytes = fsv_packet_encode(&packet, g->in.arena);
	g->packet_body.n = common;
	return bytes;
}
