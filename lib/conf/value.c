/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text to values. Files, defaults and imported properties all pass through here, so that a default
 * means exactly what the same text means in a file.
 */
#include "conf-private.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "codec/number.h"

struct suffix {
	const char *name;
	int64_t factor;
};

static const struct suffix durations[] = {
	{ "h", 3600000 }, { "min", 60000 }, { "s", 1000 }, { "ms", 1 }, { NULL, 0 },
};
static const struct suffix sizes[] = {
	{ "G", 1 << 30 }, { "M", 1 << 20 }, { "K", 1 << 10 }, { "", 1 }, { NULL, 0 },
};

/* "must be …", with the offending text where it cannot be a secret or an address with one in it. */
static int refuse(const struct fsv_conf_key *key, struct fsv_str text, struct fsv_err *err, int code,
		  const char *want)
{
	char shown[FSV_YAML_SHOW_MAX];
	bool show = !(key->flags & FSV_CONF_SECRET) && key->type != FSV_CONF_ADDRESS;

	if (!show)
		return fsv_err_set(err, code, "must be %s", want);
	return fsv_err_set(err, code, "must be %s, not \"%s\"", want, fsv_yaml_show(text, shown));
}

const char *fsv_conf_format_number(enum fsv_conf_type type, int64_t n, char out[FSV_CONF_NUMBER_MAX])
{
	const struct suffix *s = type == FSV_CONF_DURATION ? durations : type == FSV_CONF_SIZE ? sizes : NULL;

	if (s && n == 0)
		s = type == FSV_CONF_DURATION ? &durations[3] : &sizes[3];
	while (s && n % s->factor != 0)
		s++;
	if (s)
		snprintf(out, FSV_CONF_NUMBER_MAX, "%" PRId64 "%s", n / s->factor, s->name);
	else
		snprintf(out, FSV_CONF_NUMBER_MAX, "%" PRId64, n);
	return out;
}

const char *fsv_conf_format_range(const struct fsv_conf_key *key, char out[FSV_CONF_RANGE_MAX])
{
	bool natural = key->type == FSV_CONF_DURATION || key->type == FSV_CONF_SIZE;	/* never below 0 */
	bool low = key->min != INT64_MIN && !(natural && key->min == 0), high = key->max != INT64_MAX;
	char min[FSV_CONF_NUMBER_MAX], max[FSV_CONF_NUMBER_MAX];

	out[0] = '\0';
	if (key->min == 0 && key->max == 0)
		return out;
	fsv_conf_format_number(key->type, key->min, min);
	fsv_conf_format_number(key->type, key->max, max);
	if (low && high)
		snprintf(out, FSV_CONF_RANGE_MAX, "from %s to %s", min, max);
	else if (low || high)
		snprintf(out, FSV_CONF_RANGE_MAX, "at %s %s", low ? "least" : "most", low ? min : max);
	return out;
}

static int check_range(const struct fsv_conf_key *key, struct fsv_str text, int64_t n, struct fsv_err *err)
{
	char want[FSV_CONF_RANGE_MAX];

	if ((key->min == 0 && key->max == 0) || (n >= key->min && n <= key->max))
		return 0;
	return refuse(key, text, err, FSV_E_RANGE, fsv_conf_format_range(key, want));
}

static int bool_value(const struct fsv_conf_key *key, struct fsv_str text, struct fsv_conf_item *item,
		      struct fsv_err *err)
{
	static const char *const words[] = { "false", "true", "no", "yes", "off", "on" };

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (fsv_str_caseeq(text, fsv_str(words[i]))) {
			item->number = i % 2;
			item->text = words[i % 2];
			return 0;
		}
	}
	return refuse(key, text, err, FSV_E_TYPE, "true or false (yes, no, on and off do, too)");
}

static size_t skip_digits(struct fsv_str s, size_t i)
{
	while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
		i++;
	return i;
}

/* Digits and one of the suffixes; a bare number counts in units of bare. */
static int with_suffix(const struct fsv_conf_key *key, struct fsv_str text, const struct suffix *suffixes,
		       int64_t bare, const char *want, int64_t *ret_n, struct fsv_err *err)
{
	size_t digits = skip_digits(text, 0);
	struct fsv_str tail = fsv_str_sub(text, digits, text.n);
	int64_t n, factor = 0;

	if (tail.n == 0)
		factor = bare;
	for (; factor == 0 && suffixes->name; suffixes++)
		if (fsv_str_is(tail, suffixes->name))
			factor = suffixes->factor;
	if (digits == 0 || factor == 0)
		return refuse(key, text, err, FSV_E_TYPE, want);
	if (!fsv_str_to_i64(fsv_str_sub(text, 0, digits), &n) || __builtin_mul_overflow(n, factor, &n))
		return refuse(key, text, err, FSV_E_RANGE, "a smaller number");
	*ret_n = n;
	return 0;
}

static int integer(const struct fsv_conf_key *key, struct fsv_str text, int64_t *ret_n, struct fsv_err *err)
{
	size_t first = text.n > 0 && text.p[0] == '-';

	if (first == text.n || skip_digits(text, first) < text.n)
		return refuse(key, text, err, FSV_E_TYPE, "a whole decimal number");
	if (!fsv_str_to_i64(text, ret_n))
		return refuse(key, text, err, FSV_E_RANGE, "a number that fits 64 bits");
	return 0;
}

static int number_value(const struct fsv_conf_key *key, struct fsv_str text, struct fsv_arena *arena,
			struct fsv_conf_item *item, struct fsv_err *err)
{
	char out[FSV_CONF_NUMBER_MAX];
	int64_t n = 0;
	int rc;

	if (key->type == FSV_CONF_DURATION)
		rc = with_suffix(key, text, durations, fsv_str_is(fsv_str(key->unit), "s") ? 1000 : 1,
				 "a duration like 250ms, 3s, 5min or 2h", &n, err);
	else if (key->type == FSV_CONF_SIZE)
		rc = with_suffix(key, text, sizes, 1, "a size like 4096, 64K, 16M or 1G", &n, err);
	else
		rc = integer(key, text, &n, err);
	if (rc < 0)
		return rc;
	if (key->type == FSV_CONF_PORT && (n < 0 || n > 65535))
		return refuse(key, text, err, FSV_E_RANGE, "a port from 0 to 65535");
	rc = check_range(key, text, n, err);
	if (rc < 0)
		return rc;
	item->number = n;
	item->text = fsv_arena_cstr(arena, fsv_str(fsv_conf_format_number(key->type, n, out)));
	return 0;
}

/* A number as JSON spells it: that leaves out what only a programmer would write (hex, NaN, "1.f"). */
static bool is_decimal(struct fsv_str s)
{
	size_t i = s.n > 0 && s.p[0] == '-';
	size_t from = i;

	i = skip_digits(s, i);
	if (i == from || (s.p[from] == '0' && i - from > 1))
		return false;
	if (i < s.n && s.p[i] == '.') {
		from = i + 1;
		i = skip_digits(s, from);
		if (i == from)
			return false;
	}
	if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
		from = i + 1;
		from += from < s.n && (s.p[from] == '-' || s.p[from] == '+');
		i = skip_digits(s, from);
		if (i == from)
			return false;
	}
	return i == s.n;
}

static int real_value(const struct fsv_conf_key *key, struct fsv_str text, struct fsv_arena *arena,
		      struct fsv_conf_item *item, struct fsv_err *err)
{
	char out[FSV_DOUBLE_TEXT_MAX];
	double v;

	if (!is_decimal(text))
		return refuse(key, text, err, FSV_E_TYPE, "a decimal number like 0.5");
	v = fsv_double_from_json(text);
	if (!isfinite(v))
		return refuse(key, text, err, FSV_E_RANGE, "a smaller number");
	item->real = v;
	item->text = fsv_arena_cstr(arena, fsv_str_n(out, fsv_double_to_java(v, out)));
	return 0;
}

static int enum_value(const struct fsv_conf_key *key, struct fsv_str text, struct fsv_arena *arena,
		      struct fsv_conf_item *item, struct fsv_err *err)
{
	struct fsv_str all = fsv_str(key->choices);
	char want[256];

	for (size_t from = 0, n = 0; from <= all.n; n++) {
		size_t bar = fsv_str_find(all, '|', from);

		if (fsv_str_eq(text, fsv_str_sub(all, from, bar))) {
			item->number = (int64_t)n;
			item->text = fsv_arena_cstr(arena, text);
			return 0;
		}
		from = bar + 1;
	}
	snprintf(want, sizeof(want), "one of %s", key->choices);
	return refuse(key, text, err, FSV_E_TYPE, want);
}

static int path_value(const struct fsv_conf_key *key, struct fsv_str text, const char *folder,
		      struct fsv_arena *arena, struct fsv_conf_item *item, struct fsv_err *err)
{
	if (text.n == 0)
		return refuse(key, text, err, FSV_E_TYPE, "the path of a file or folder");
	if (text.p[0] == '/' || !folder) {
		item->text = fsv_arena_cstr(arena, text);
		return 0;
	}
	while (fsv_str_starts(text, FSV_STR("./")))
		text = fsv_str_sub(text, 2, text.n);
	item->text = fsv_arena_printf(arena, "%s/%.*s", strcmp(folder, "/") == 0 ? "" : folder,
				      FSV_STR_ARG(text));
	return 0;
}

static bool host_ok(struct fsv_str host)
{
	if (host.n == 0 || host.n > 253)
		return false;
	for (size_t i = 0; i < host.n; i++) {
		char c = host.p[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
		      c == '-' || c == '_'))
			return false;
	}
	return true;
}

/* Between the brackets: an address, perhaps with "%zone" behind it. */
static bool host6_ok(struct fsv_str host)
{
	struct fsv_str zone = fsv_str_sub(host, fsv_str_find(host, '%', 0), host.n);
	struct in6_addr addr;
	char text[INET6_ADDRSTRLEN];

	host.n -= zone.n;
	if (host.n >= sizeof(text) || (zone.n > 0 && !host_ok(fsv_str_sub(zone, 1, zone.n))))
		return false;
	snprintf(text, sizeof(text), "%.*s", FSV_STR_ARG(host));
	return inet_pton(AF_INET6, text, &addr) == 1;
}

static int address_value(const struct fsv_conf_key *key, struct fsv_str text, struct fsv_arena *arena,
			 struct fsv_conf_item *item, struct fsv_err *err)
{
	size_t colon = text.n;
	struct fsv_str host, port;
	int64_t n;
	bool ok;

	while (colon > 0 && text.p[colon - 1] != ':')
		colon--;
	if (colon == 0)
		return refuse(key, text, err, FSV_E_TYPE, "host:port or [v6]:port; the port is missing");
	host = fsv_str_sub(text, 0, colon - 1);
	port = fsv_str_sub(text, colon, text.n);
	if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		ok = host6_ok(fsv_str_sub(host, 1, host.n - 1));
	else
		ok = host_ok(host);
	if (!ok)
		return refuse(key, text, err, FSV_E_TYPE,
			      "host:port, or [address]:port with brackets around an IPv6 address");
	if (port.n == 0 || port.p[0] == '+' || port.p[0] == '-' || !fsv_str_to_i64(port, &n) || n > 65535)
		return refuse(key, text, err, FSV_E_RANGE, "host:port with a port from 0 to 65535");
	item->text = fsv_arena_cstr(arena, text);
	return 0;
}

int fsv_conf_parse_item(const struct fsv_conf_key *key, struct fsv_str text, const char *folder,
			struct fsv_arena *arena, struct fsv_conf_item *ret_item, struct fsv_err *err)
{
	struct fsv_conf_item item = { 0 };
	int rc = 0;

	if (fsv_str_find(text, '\0', 0) < text.n)
		return fsv_err_set(err, FSV_E_TYPE, "must be text without a NUL character");
	switch (key->type) {
	case FSV_CONF_BOOL:
		rc = bool_value(key, text, &item, err);
		break;
	case FSV_CONF_INT:
	case FSV_CONF_PORT:
	case FSV_CONF_DURATION:
	case FSV_CONF_SIZE:
		rc = number_value(key, text, arena, &item, err);
		break;
	case FSV_CONF_DOUBLE:
		rc = real_value(key, text, arena, &item, err);
		break;
	case FSV_CONF_STRING:
		item.text = fsv_arena_cstr(arena, text);
		break;
	case FSV_CONF_PATH:
		rc = path_value(key, text, folder, arena, &item, err);
		break;
	case FSV_CONF_ENUM:
		rc = enum_value(key, text, arena, &item, err);
		break;
	case FSV_CONF_ADDRESS:
		rc = address_value(key, text, arena, &item, err);
		break;
	}
	if (rc == 0)
		*ret_item = item;
	return rc;
}

int fsv_conf_parse_list(const struct fsv_conf_key *key, struct fsv_str text, const char *folder,
			struct fsv_arena *arena, const char *const **ret_list, struct fsv_err *err)
{
	size_t n = fsv_str_blank(text) ? 0 : 1;
	const char **list;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == ',';
	list = FSV_ARENA_NEW_N(arena, const char *, n + 1);
	for (size_t i = 0, from = 0; i < n; i++) {
		size_t comma = fsv_str_find(text, ',', from);
		struct fsv_str one = fsv_str_trim(fsv_str_sub(text, from, comma));
		struct fsv_conf_item item;
		int rc;

		if (one.n == 0)
			return fsv_err_set(err, FSV_E_TYPE,
					   "must be a list without empty items; item %zu is empty", i + 1);
		rc = fsv_conf_parse_item(key, one, folder, arena, &item, err);
		if (rc < 0)
			return rc;
		list[i] = item.text;
		from = comma + 1;
	}
	*ret_list = list;
	return 0;
}
