/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packet as proto3 JSON, driven by the descriptors that protobuf-c generates. The reference prints with
 * protobuf-java-util 3.20: two blanks of indent, defaults left out, the HTML-safe escapes of Gson.
 */
#include "call/message.h"

#include "codec/base64.h"
#include "codec/json.h"

enum { DEPTH_MAX = 16 };	/* Packet nests five deep */

/* Writing --------------------------------------------------------------------------------------- */

struct printer {
	struct fsv_buf *out;
	bool pretty, html_safe;
};

static void quote(struct fsv_buf *out, struct fsv_str text, bool html_safe)
{
	static const char hex[] = "0123456789abcdef";

	fsv_buf_putc(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		const char *simple = c ? strchr("\tt\bb\nn\rr\ff", c) : NULL;

		if (c == '"' || c == '\\') {
			fsv_buf_putc(out, '\\');
			fsv_buf_putc(out, (char)c);
		} else if (c < 0x20 && simple) {
			fsv_buf_putc(out, '\\');
			fsv_buf_putc(out, simple[1]);
		} else if (c < 0x20 || (html_safe && strchr("<>&='", c))) {
			char u[6] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };

			fsv_buf_append(out, u, sizeof(u));
		} else if (text.n - i >= 3 && c == 0xe2 && text.p[i + 1] == '\x80' &&
			   (text.p[i + 2] == '\xa8' || text.p[i + 2] == '\xa9')) {
			fsv_buf_puts(out, text.p[i + 2] == '\xa8' ? "\\u2028" : "\\u2029");
			i += 2;
		} else {
			fsv_buf_putc(out, (char)c);
		}
	}
	fsv_buf_putc(out, '"');
}

static bool is_default(const ProtobufCFieldDescriptor *f, const void *at)
{
	switch (f->type) {
	case PROTOBUF_C_TYPE_STRING:
		return !*(char *const *)at || !**(char *const *)at;
	case PROTOBUF_C_TYPE_BYTES:
		return ((const ProtobufCBinaryData *)at)->len == 0;
	case PROTOBUF_C_TYPE_MESSAGE:
		return !*(ProtobufCMessage *const *)at;
	case PROTOBUF_C_TYPE_INT64:
		return *(const int64_t *)at == 0;
	case PROTOBUF_C_TYPE_INT32:
		return *(const int32_t *)at == 0;
	case PROTOBUF_C_TYPE_BOOL:
		return !*(const protobuf_c_boolean *)at;
	default:
		fsv_bug("field type that Packet does not have", __FILE__, __LINE__, __func__);
	}
}

static void print_message(const struct printer *p, const ProtobufCMessage *m, unsigned depth);

static void print_value(const struct printer *p, const ProtobufCFieldDescriptor *f, const void *at, unsigned depth)
{
	const ProtobufCBinaryData *bytes = at;
	struct fsv_buf *out = p->out;

	switch (f->type) {
	case PROTOBUF_C_TYPE_STRING:
		quote(out, fsv_str(*(char *const *)at), p->html_safe);
		break;
	case PROTOBUF_C_TYPE_BYTES:
		fsv_buf_putc(out, '"');
		fsv_base64_encode(out, fsv_str_n((const char *)bytes->data, bytes->len));
		fsv_buf_putc(out, '"');
		break;
	case PROTOBUF_C_TYPE_MESSAGE:
		print_message(p, *(ProtobufCMessage *const *)at, depth);
		break;
	case PROTOBUF_C_TYPE_INT64:
		fsv_buf_printf(out, "\"%lld\"", (long long)*(const int64_t *)at);
		break;
	case PROTOBUF_C_TYPE_INT32:
		fsv_buf_printf(out, "%d", *(const int32_t *)at);
		break;
	default:
		fsv_buf_puts(out, "true");	/* a bool that is not its default */
	}
}

static void new_line(const struct printer *p, unsigned depth)
{
	if (!p->pretty)
		return;
	fsv_buf_putc(p->out, '\n');
	for (unsigned i = 0; i < depth; i++)
		fsv_buf_puts(p->out, "  ");
}

static void print_message(const struct printer *p, const ProtobufCMessage *m, unsigned depth)
{
	bool first = true;

	fsv_buf_putc(p->out, '{');
	for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
		const void *at = (const char *)m + f->offset;

		if (is_default(f, at))
			continue;
		if (!first)
			fsv_buf_putc(p->out, ',');
		first = false;
		new_line(p, depth + 1);
		fsv_buf_printf(p->out, p->pretty ? "\"%s\": " : "\"%s\":", f->name);
		print_value(p, f, at, depth + 1);
	}
	new_line(p, depth);
	fsv_buf_putc(p->out, '}');
}

void fsv_packet_to_json(const Fsv__Packet *packet, struct fsv_buf *out)
{
	print_message(&(struct printer){ out, true, true }, &packet->base, 0);
}

void fsv_message_canonical(const ProtobufCMessage *message, bool html_safe, struct fsv_buf *out)
{
	if (message)
		print_message(&(struct printer){ out, false, html_safe }, message, 0);
	else
		fsv_buf_puts(out, "{}");
}

/* Reading --------------------------------------------------------------------------------------- */

static bool scalar_text(const struct fsv_json_node *v, struct fsv_str *ret)
{
	switch (v->type) {
	case FSV_JSON_STRING:
	case FSV_JSON_INT:
	case FSV_JSON_DOUBLE:
		*ret = v->text;
		return true;
	case FSV_JSON_TRUE:
	case FSV_JSON_FALSE:
		*ret = v->type == FSV_JSON_TRUE ? FSV_STR("true") : FSV_STR("false");
		return true;
	default:
		return false;
	}
}

/* Whole numbers may also be spelt 3.0 or 1e3, as numbers or as text. */
static bool whole_number(struct fsv_str text, struct fsv_arena *arena, int64_t min, int64_t max, int64_t *ret)
{
	struct fsv_json j;
	enum fsv_json_type type;
	double d;

	fsv_json_init(&j, text, arena);
	type = fsv_json_value(&j);
	if ((type != FSV_JSON_INT && type != FSV_JSON_DOUBLE) || !fsv_json_end(&j))
		return false;
	if (type == FSV_JSON_INT)
		return fsv_json_i64(&j, ret) && *ret >= min && *ret <= max;
	d = fsv_json_double(&j);
	if (!(d >= -9007199254740992.0 && d <= 9007199254740992.0) || d != (double)(int64_t)d)
		return false;
	*ret = (int64_t)d;
	return *ret >= min && *ret <= max;
}

static int read_message(const struct fsv_json_node *object, ProtobufCMessage *m, struct fsv_arena *arena,
			unsigned depth, struct fsv_err *err);

static int read_value(const struct fsv_json_node *v, const ProtobufCFieldDescriptor *f, void *at,
		      struct fsv_arena *arena, unsigned depth, struct fsv_err *err)
{
	struct fsv_str text, bytes;
	int64_t n;

	if (f->type == PROTOBUF_C_TYPE_MESSAGE) {
		const ProtobufCMessageDescriptor *type = f->descriptor;
		ProtobufCMessage *sub = fsv_arena_alloc(arena, type->sizeof_message);

		protobuf_c_message_init(type, sub);
		*(ProtobufCMessage **)at = sub;
		return read_message(v, sub, arena, depth + 1, err);
	}
	if (!scalar_text(v, &text))
		return fsv_err_set(err, FSV_E_TYPE, "member %s is no plain value", f->name);
	switch (f->type) {
	case PROTOBUF_C_TYPE_STRING:
		if (memchr(text.p ? text.p : "", 0, text.n))
			return fsv_err_set(err, FSV_E_SYNTAX, "member %s holds a NUL character", f->name);
		*(char **)at = fsv_arena_cstr(arena, text);
		return 0;
	case PROTOBUF_C_TYPE_BYTES:
		if (fsv_base64_decode(text, FSV_BASE64_LENIENT, arena, &bytes, err) < 0)
			return fsv_err_wrap(err, "member %s", f->name);
		*(ProtobufCBinaryData *)at = (ProtobufCBinaryData){ bytes.n, (uint8_t *)bytes.p };
		return 0;
	case PROTOBUF_C_TYPE_INT64:
		if (!whole_number(text, arena, INT64_MIN, INT64_MAX, &n))
			break;
		*(int64_t *)at = n;
		return 0;
	case PROTOBUF_C_TYPE_INT32:
		if (!whole_number(text, arena, INT32_MIN, INT32_MAX, &n))
			break;
		*(int32_t *)at = (int32_t)n;
		return 0;
	default:
		if (!fsv_str_is(text, "true") && !fsv_str_is(text, "false"))
			break;
		*(protobuf_c_boolean *)at = text.n == 4;
		return 0;
	}
	return fsv_err_set(err, FSV_E_TYPE, "member %s has a value of the wrong type", f->name);
}

static const ProtobufCFieldDescriptor *field(const ProtobufCMessage *m, struct fsv_str name)
{
	for (unsigned i = 0; i < m->descriptor->n_fields; i++)
		if (fsv_str_is(name, m->descriptor->fields[i].name))
			return &m->descriptor->fields[i];
	return NULL;
}

static int read_message(const struct fsv_json_node *object, ProtobufCMessage *m, struct fsv_arena *arena,
			unsigned depth, struct fsv_err *err)
{
	if (object->type != FSV_JSON_OBJECT)
		return fsv_err_set(err, FSV_E_TYPE, "%s is no JSON object", m->descriptor->short_name);
	if (depth > DEPTH_MAX)
		return fsv_err_set(err, FSV_E_LIMIT, "the packet is nested too deeply");
	for (const struct fsv_json_node *v = object->first; v; v = v->next) {
		const ProtobufCFieldDescriptor *f = field(m, v->key);
		int r;

		if (!f)
			return fsv_err_set(err, FSV_E_UNKNOWN_KEY, "%s has a member that is not known",
					   m->descriptor->short_name);
		if (v->type == FSV_JSON_NULL)
			continue;
		r = read_value(v, f, (char *)m + f->offset, arena, depth, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int fsv_packet_from_json(struct fsv_str json, struct fsv_arena *arena, Fsv__Packet **ret_packet,
			 struct fsv_err *err)
{
	Fsv__Packet *packet = fsv_arena_alloc(arena, sizeof(*packet));
	struct fsv_json_node *root;
	int r = fsv_json_parse(json, arena, true, &root, err);

	if (r < 0)
		return r;
	fsv__packet__init(packet);
	r = read_message(root, &packet->base, arena, 0, err);
	if (r < 0)
		return r;
	*ret_packet = packet;
	return 0;
}
