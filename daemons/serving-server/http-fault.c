/* SPDX-License-Identifier: Apache-2.0 */
#include "http-fault.h"

enum { TYPE_LEN_MAX = 100 };

enum form { AS_JSON, AS_PAGE, AS_NOTHING };

/* Media types -------------------------------------------------------------------------------------- */

/* Next entry of a list such as Accept, without its parameters. */
static bool next_type(struct fsv_str *rest, struct fsv_str *ret_type)
{
	size_t end;

	if (rest->n == 0)
		return false;
	end = fsv_str_find(*rest, ',', 0);
	*ret_type = fsv_str_sub(*rest, 0, end);
	*ret_type = fsv_str_trim(fsv_str_sub(*ret_type, 0, fsv_str_find(*ret_type, ';', 0)));
	*rest = fsv_str_sub(*rest, end + 1, rest->n);
	return true;
}

static bool type_is(struct fsv_str type, const char *name)
{
	return fsv_str_caseeq(type, fsv_str(name));
}

static enum form form_for(struct fsv_str accept)
{
	struct fsv_str type;

	if (fsv_str_blank(accept))
		return AS_JSON;
	while (next_type(&accept, &type)) {
		if (type_is(type, "text/html"))
			return AS_PAGE;
		if (type_is(type, "*/*") || type_is(type, "*") || type_is(type, "application/json") ||
		    type_is(type, "application/*"))
			return AS_JSON;
	}
	return AS_NOTHING;
}

static bool plain_token(struct fsv_str type)
{
	for (size_t i = 0; i < type.n; i++) {
		unsigned char c = (unsigned char)type.p[i];

		if (c <= 0x20 || c >= 0x7f || memchr("()<>@,;:\\\"[]?={}*", c, 17))
			return false;
	}
	return type.n > 0 && type.n <= TYPE_LEN_MAX && fsv_str_find(type, '/', 0) < type.n;
}

const char *fsv_http_text_type(struct fsv_http_req *req)
{
	struct fsv_str accept = fsv_http_header(req, "Accept"), type;

	if (next_type(&accept, &type) && type_is(type, "application/*"))
		return "application/json";
	if (fsv_http_header(req, "Accept").n > 0 && plain_token(type))
		return fsv_arena_printf(fsv_http_arena(req), "%.*s;charset=UTF-8", FSV_STR_ARG(type));
	return "text/plain;charset=UTF-8";
}

enum fsv_http_json fsv_http_json_type(struct fsv_str content_type)
{
	struct fsv_str rest = content_type, type = FSV_STR_NULL, charset;
	size_t at;

	(void)next_type(&rest, &type);
	if (!type_is(type, "application/json") &&
	    !(type.n > 17 && fsv_str_caseeq(fsv_str_sub(type, 0, 12), FSV_STR("application/")) &&
	      fsv_str_caseeq(fsv_str_sub(type, type.n - 5, type.n), FSV_STR("+json"))))
		return FSV_HTTP_NOT_JSON;
	for (at = fsv_str_find(content_type, ';', 0); at < content_type.n; at = fsv_str_find(content_type, ';', at + 1)) {
		charset = fsv_str_trim(fsv_str_sub(content_type, at + 1, fsv_str_find(content_type, ';', at + 1)));
		if (charset.n >= 8 && fsv_str_caseeq(fsv_str_sub(charset, 0, 8), FSV_STR("charset=")) &&
		    !fsv_str_caseeq(fsv_str_sub(charset, 8, 13), FSV_STR("UTF-8")) &&
		    !fsv_str_caseeq(fsv_str_sub(charset, 8, 15), FSV_STR("\"UTF-8\"")))
			return FSV_HTTP_JSON_OTHER_CHARSET;
	}
	return FSV_HTTP_JSON;
}

/* Faults ------------------------------------------------------------------------------------------- */

static const char *words(unsigned status)
{
	switch (status) {
	case 400:
		return "Bad Request";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 415:
		return "Unsupported Media Type";
	default:
		return "Internal Server Error";
	}
}

static unsigned headers_for(unsigned status, const char *detail, struct fsv_http_header_out headers[3])
{
	switch (status) {
	case 404:
		headers[0] = (struct fsv_http_header_out){ "Vary", "Origin" };
		headers[1] = (struct fsv_http_header_out){ "Vary", "Access-Control-Request-Method" };
		headers[2] = (struct fsv_http_header_out){ "Vary", "Access-Control-Request-Headers" };
		return 3;
	case 405:
		headers[0] = (struct fsv_http_header_out){ "Allow", detail };
		return 1;
	case 415:
		headers[0] = (struct fsv_http_header_out){ "Accept", "application/json, application/*+json" };
		return 1;
	default:
		headers[0] = (struct fsv_http_header_out){ "Connection", "close" };
		return 1;
	}
}

void fsv_http_fault(struct fsv_http_req *req, unsigned status, const char *detail)
{
	struct fsv_http_header_out headers[3];
	unsigned n = headers_for(status, detail, headers);

	switch (form_for(fsv_http_header(req, "Accept"))) {
	case AS_JSON:
		fsv_http_reply(req, status, "application/json",
			       fsv_http_error_json(fsv_http_arena(req), status, words(status), fsv_http_path(req)), headers, n);
		return;
	case AS_PAGE:
		fsv_http_reply(req, status, "text/html;charset=UTF-8",
			       fsv_str(fsv_arena_printf(fsv_http_arena(req), "<html><body><h1>%s</h1><p>There was an "
							"unexpected error (type=%s, status=%u).</p></body></html>",
							words(status), words(status), status)), headers, n);
		return;
	case AS_NOTHING:
		fsv_http_reply(req, status, NULL, FSV_STR_NULL, headers, n);
		return;
	}
}
