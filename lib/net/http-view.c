/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a request shows: copies of its header made when it has arrived, in the request's arena. Header
 * fields on which a proxy before us and libmicrohttpd could disagree about where the request
 * ends (two lengths, a length and a transfer coding) are refused here.
 */
#include "http-private.h"

enum {
	PAIR_COST = 80,		/* what libmicrohttpd keeps per header field, rounded up */
	REPLY_ROOM = 2048,	/* left in its pool for the header of the answer */
};

struct head_scan {
	struct fsv_http_req *req;
	unsigned hosts, lengths, codings;
	bool bad_name, unknown_coding;
	struct fsv_str length;
};

static bool is_token(struct fsv_str s)
{
	static const char extra[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i], low = c | 0x20;

		if (!((low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || (c && strchr(extra, c))))
			return false;
	}
	return s.n > 0;
}

static enum MHD_Result scan_header(void *cls, enum MHD_ValueKind kind, const char *name, size_t n_name,
				   const char *value, size_t n_value)
{
	struct head_scan *scan = cls;
	struct fsv_http_req *req = scan->req;
	struct fsv_str key = fsv_str_n(name, n_name);
	struct fsv_http_pair *pair = &req->headers[req->n_headers++];

	(void)kind;
	pair->name = fsv_arena_str(&req->arena, key);
	pair->value = fsv_arena_str(&req->arena, fsv_str_trim(fsv_str_n(value, value ? n_value : 0)));
	if (!is_token(key)) {
		scan->bad_name = true;
	} else if (fsv_str_caseeq(key, FSV_STR("Host"))) {
		scan->hosts++;
	} else if (fsv_str_caseeq(key, FSV_STR("Content-Length"))) {
		scan->lengths++;
		scan->length = pair->value;
	} else if (fsv_str_caseeq(key, FSV_STR("Transfer-Encoding"))) {
		scan->codings++;
		scan->unknown_coding |= !fsv_str_caseeq(pair->value, FSV_STR("chunked"));
	}
	return MHD_YES;
}

static int hex(char c)
{
	int low = c | 0x20;

	return c >= '0' && c <= '9' ? c - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

/* %XX becomes its byte; a % that does not start one stays. libmicrohttpd has turned '+' into a space. */
static struct fsv_str decode(struct fsv_arena *arena, const char *text, size_t n)
{
	char *out = fsv_arena_alloc(arena, n + 1);
	size_t to = 0;

	for (size_t i = 0; i < n; i++) {
		if (text[i] == '%' && n - i > 2 && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0) {
			out[to++] = (char)(hex(text[i + 1]) << 4 | hex(text[i + 2]));
			i += 2;
		} else {
			out[to++] = text[i];
		}
	}
	out[to] = '\0';
	return fsv_str_n(out, to);
}

static enum MHD_Result scan_arg(void *cls, enum MHD_ValueKind kind, const char *name, size_t n_name,
				const char *value, size_t n_value)
{
	struct fsv_http_req *req = cls;
	struct fsv_http_pair *pair = &req->args[req->n_args++];

	(void)kind;
	pair->name = decode(&req->arena, name, n_name);
	pair->value = decode(&req->arena, value ? value : "", value ? n_value : 0);
	return MHD_YES;
}

/* Where libmicrohttpd has no room left for the answer's header it would close without an answer. */
static bool too_large(const struct fsv_http_req *req, unsigned fields)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(req->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	size_t size = info ? info->header_size : 0;

	return size > req->http->opt.max_header ||
	       size + (size_t)fields * PAIR_COST + REPLY_ROOM > req->http->pool_size;
}

unsigned fsv_http_read_head(struct fsv_http_req *req, const char *url, const char *method,
			    const char *version, uint64_t *ret_length)
{
	struct head_scan scan = { .req = req };
	int n_headers = MHD_get_connection_values(req->mhd, MHD_HEADER_KIND, NULL, NULL);
	int n_args = MHD_get_connection_values(req->mhd, MHD_GET_ARGUMENT_KIND, NULL, NULL);
	int64_t length = 0;

	if (n_headers < 0 || n_args < 0 || too_large(req, (unsigned)n_headers + (unsigned)n_args))
		return MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE;
	req->method = fsv_arena_str(&req->arena, fsv_str(method));
	req->path = fsv_arena_str(&req->arena, fsv_str(url));
	req->peer = fsv_arena_str(&req->arena, fsv_str(req->conn->peer));
	req->headers = fsv_arena_alloc(&req->arena, (size_t)n_headers * sizeof(*req->headers));
	req->args = fsv_arena_alloc(&req->arena, (size_t)n_args * sizeof(*req->args));
	MHD_get_connection_values_n(req->mhd, MHD_HEADER_KIND, scan_header, &scan);
	MHD_get_connection_values_n(req->mhd, MHD_GET_ARGUMENT_KIND, scan_arg, req);
	if (scan.bad_name || scan.hosts > 1 || (scan.hosts == 0 && strcmp(version, "HTTP/1.1") == 0) ||
	    scan.lengths > 1 || scan.codings > 1 || (scan.lengths > 0 && scan.codings > 0))
		return MHD_HTTP_BAD_REQUEST;
	if (scan.unknown_coding)
		return MHD_HTTP_NOT_IMPLEMENTED;
	if (scan.lengths > 0 && (!fsv_str_to_i64(scan.length, &length) || length < 0))
		return MHD_HTTP_BAD_REQUEST;
	if ((uint64_t)length > req->http->opt.max_body)
		return MHD_HTTP_CONTENT_TOO_LARGE;
	*ret_length = (uint64_t)length;
	return 0;
}

struct fsv_str fsv_http_method(const struct fsv_http_req *req)
{
	return req->method;
}

struct fsv_str fsv_http_path(const struct fsv_http_req *req)
{
	return req->path;
}

struct fsv_str fsv_http_query(const struct fsv_http_req *req, const char *name)
{
	for (unsigned i = 0; i < req->n_args; i++)
		if (fsv_str_is(req->args[i].name, name))
			return req->args[i].value;
	return FSV_STR_NULL;
}

struct fsv_str fsv_http_header(const struct fsv_http_req *req, const char *name)
{
	for (unsigned i = 0; i < req->n_headers; i++)
		if (fsv_str_caseeq(req->headers[i].name, fsv_str(name)))
			return req->headers[i].value;
	return FSV_STR_NULL;
}

struct fsv_str fsv_http_body(const struct fsv_http_req *req)
{
	return fsv_buf_str(&req->body);
}

struct fsv_str fsv_http_peer(const struct fsv_http_req *req)
{
	return req->peer;
}

struct fsv_arena *fsv_http_arena(struct fsv_http_req *req)
{
	return &req->arena;
}

void fsv_http_set_data(struct fsv_http_req *req, void *data)
{
	req->data = data;
}

void *fsv_http_data(const struct fsv_http_req *req)
{
	return req->data;
}
