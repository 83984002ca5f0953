/* SPDX-License-Identifier: Apache-2.0 */
#include "provider.h"

#include <stdlib.h>

static void add_param(struct fsv_provider_url *url, struct fsv_str text)
{
	size_t eq = fsv_str_find(text, '=', 0);
	struct fsv_str key = fsv_str_trim(fsv_str_sub(text, 0, eq));

	url->params[url->n_params++] = (struct fsv_provider_param){
		key, eq < text.n ? fsv_str_trim(fsv_str_sub(text, eq + 1, text.n)) : key };
}

static bool read_params(struct fsv_str text, struct fsv_provider_url *url)
{
	for (size_t from = 0; from < text.n;) {
		size_t to = fsv_str_find(text, '&', from);
		struct fsv_str one = fsv_str_trim(fsv_str_sub(text, from, to));

		if (one.n > 0) {
			if (url->n_params == FSV_PROVIDER_PARAMS_MAX)
				return false;
			add_param(url, one);
		}
		from = to + 1;
	}
	return true;
}

static size_t last(struct fsv_str s, char c)
{
	size_t i = s.n;

	while (i > 0 && s.p[i - 1] != c)
		i--;
	return i > 0 ? i - 1 : s.n;
}

static struct fsv_str take_protocol(struct fsv_str text, struct fsv_provider_url *url)
{
	for (size_t i = 0; i + 1 < text.n; i++) {
		if (text.p[i] != ':' || text.p[i + 1] != '/')
			continue;
		url->protocol = fsv_str_sub(text, 0, i);
		return fsv_str_sub(text, i + (i + 2 < text.n && text.p[i + 2] == '/' ? 3 : 2), text.n);
	}
	return text;
}

/* Takes the last segment away; without a slash all of it. */
static struct fsv_str cut_last(struct fsv_str *text)
{
	size_t slash = last(*text, '/');
	struct fsv_str segment;

	if (slash == text->n) {
		segment = *text;
		*text = FSV_STR_NULL;
		return segment;
	}
	segment = fsv_str_sub(*text, slash + 1, text->n);
	*text = fsv_str_sub(*text, 0, slash);
	return segment;
}

static bool take_address(struct fsv_str *text, struct fsv_provider_url *url)
{
	size_t v6 = text->n > 0 && text->p[0] == '[' ? fsv_str_find(*text, ']', 0) : 0;
	size_t colon = fsv_str_find(*text, ':', v6), slash;
	int64_t port;

	if (colon == text->n) {
		/* No port: with a protocol the first segment is a host, else all is path. */
		if (url->protocol.n == 0)
			return true;
		slash = fsv_str_find(*text, '/', 0);
		url->host = fsv_str_sub(*text, 0, slash);
		*text = fsv_str_sub(*text, slash + 1, text->n);
		return true;
	}
	slash = fsv_str_find(*text, '/', colon);
	if (!fsv_str_to_i64(fsv_str_sub(*text, colon + 1, slash), &port) || port < 0 || port > 65535)
		return false;
	url->host = fsv_str_sub(*text, 0, colon);
	url->port = (uint16_t)port;
	*text = fsv_str_sub(*text, slash + 1, text->n);
	return true;
}

bool fsv_provider_parse(struct fsv_str text, struct fsv_provider_url *ret_url)
{
	size_t question = fsv_str_find(text, '?', 0);
	struct fsv_provider_url *url = ret_url;
	struct fsv_str rest, interface;

	*url = (struct fsv_provider_url){ .n_params = 0 };
	if (text.n > FSV_PROVIDER_MAX || !read_params(fsv_str_sub(text, question + 1, text.n), url))
		return false;
	rest = take_protocol(fsv_str_trim(fsv_str_sub(text, 0, question)), url);
	url->service = cut_last(&rest);
	if (!take_address(&rest, url))
		return false;
	url->environment = cut_last(&rest);
	url->project = rest;
	interface = fsv_provider_param(url, "interface");
	if (interface.n > 0)
		url->service = interface;
	return url->service.n > 0;
}

static int by_key(const void *a, const void *b)
{
	return fsv_str_order(((const struct fsv_provider_param *)a)->key, ((const struct fsv_provider_param *)b)->key);
}

void fsv_provider_format(const struct fsv_provider_url *url, struct fsv_buf *out)
{
	struct fsv_provider_param sorted[FSV_PROVIDER_PARAMS_MAX];

	if (url->protocol.n > 0) {
		fsv_buf_add(out, url->protocol);
		fsv_buf_puts(out, "://");
	}
	fsv_buf_add(out, url->host);
	if (url->port > 0)
		fsv_buf_printf(out, ":%u", url->port);
	if (url->host.n > 0)
		fsv_buf_putc(out, '/');
	if (url->project.n > 0) {
		fsv_buf_add(out, url->project);
		fsv_buf_putc(out, '/');
	}
	if (url->environment.n > 0) {
		fsv_buf_add(out, url->environment);
		fsv_buf_putc(out, '/');
	}
	fsv_buf_add(out, url->service);
	memcpy(sorted, url->params, url->n_params * sizeof(sorted[0]));
	qsort(sorted, url->n_params, sizeof(sorted[0]), by_key);
	for (unsigned i = 0; i < url->n_params; i++) {
		fsv_buf_putc(out, i == 0 ? '?' : '&');
		fsv_buf_add(out, sorted[i].key);
		fsv_buf_putc(out, '=');
		fsv_buf_add(out, sorted[i].value);
	}
}

static struct fsv_provider_param *find(const struct fsv_provider_url *url, struct fsv_str head, const char *key)
{
	size_t n = strlen(key);

	for (unsigned i = url->n_params; i-- > 0;) {
		struct fsv_str k = url->params[i].key;

		if (k.n == head.n + n && fsv_str_starts(k, head) && memcmp(k.p + head.n, key, n) == 0)
			return (struct fsv_provider_param *)&url->params[i];
	}
	return NULL;
}

struct fsv_str fsv_provider_param(const struct fsv_provider_url *url, const char *key)
{
	const struct fsv_provider_param *p = find(url, FSV_STR_NULL, key);

	if (!p || p->value.n == 0)
		p = find(url, FSV_STR("default."), key);
	return p ? p->value : FSV_STR_NULL;
}

bool fsv_provider_set(struct fsv_provider_url *url, const char *key, struct fsv_str value)
{
	struct fsv_provider_param *p = find(url, FSV_STR_NULL, key);

	if (!p && url->n_params == FSV_PROVIDER_PARAMS_MAX)
		return false;
	if (!p)
		p = &url->params[url->n_params++];
	*p = (struct fsv_provider_param){ fsv_str(key), value };
	return true;
}

bool fsv_provider_matches(const struct fsv_provider_url *url, struct fsv_str service)
{
	struct fsv_str category = fsv_provider_param(url, "category"), enabled = fsv_provider_param(url, "enabled");

	return url->protocol.n > 0 && url->host.n > 0 && url->port > 0 &&
	       (fsv_str_eq(url->service, service) || fsv_str_is(url->service, "*") || fsv_str_is(service, "*")) &&
	       (category.n == 0 || fsv_str_is(category, "providers")) &&
	       !fsv_str_caseeq(enabled, FSV_STR("false")) && fsv_provider_param(url, "group").n == 0;
}
