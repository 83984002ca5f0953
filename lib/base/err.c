/* SPDX-License-Identifier: Apache-2.0 */
#include "err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	int code;
	const char *name;
	const char *text;
	int fate;
	int grpc;
};

static const struct entry table[] = {
#define FSV_E(name, number, text, fate, grpc) { -number, #name, text, fate, grpc },
#include "err.def"
#undef FSV_E
};

static const struct entry *find(int code)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].code == code)
			return &table[i];
	return NULL;
}

/* Cuts a text that was truncated by snprintf so that it ends with a whole UTF-8 sequence. */
static void trim_utf8(char *text, size_t len)
{
	size_t i = len;

	while (i > 0 && ((unsigned char)text[i - 1] & 0xc0) == 0x80)
		i--;
	if (i > 0 && (unsigned char)text[i - 1] >= 0xc0)
		i--;
	else if (i != len)
		return;
	else
		i = len;
	text[i] = '\0';
}

int fsv_err_vset(struct fsv_err *err, int code, const char *fmt, va_list ap)
{
	int n;

	if (!err)
		return code;
	err->code = code;
	n = vsnprintf(err->text, sizeof(err->text), fmt, ap);
	if (n < 0)
		err->text[0] = '\0';
	else if ((size_t)n >= sizeof(err->text))
		trim_utf8(err->text, sizeof(err->text) - 1);
	return code;
}

int fsv_err_set(struct fsv_err *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fsv_err_vset(err, code, fmt, ap);
	va_end(ap);
	return code;
}

int fsv_err_errno(struct fsv_err *err, int errnum, const char *fmt, ...)
{
	char words[128];
	va_list ap;
	size_t n;

	if (!err)
		return -errnum;
	va_start(ap, fmt);
	fsv_err_vset(err, -errnum, fmt, ap);
	va_end(ap);
	n = strlen(err->text);
	snprintf(err->text + n, sizeof(err->text) - n, ": %s",
		 strerror_r(errnum, words, sizeof(words)));
	return -errnum;
}

int fsv_err_wrap(struct fsv_err *err, const char *fmt, ...)
{
	char old[FSV_ERR_TEXT_MAX];
	va_list ap;
	size_t n;

	if (!err)
		return 0;
	memcpy(old, err->text, sizeof(old));
	va_start(ap, fmt);
	fsv_err_vset(err, err->code, fmt, ap);
	va_end(ap);
	n = strlen(err->text);
	if (snprintf(err->text + n, sizeof(err->text) - n, ": %s", old) >= (int)(sizeof(err->text) - n))
		trim_utf8(err->text, sizeof(err->text) - 1);
	return err->code;
}

const char *fsv_err_name(int code)
{
	const struct entry *e = find(code);
	const char *name;

	if (e)
		return e->name;
	name = code < 0 ? strerrorname_np(-code) : NULL;
	return name ? name : code == 0 ? "OK" : "UNKNOWN";
}

const char *fsv_err_words(int code)
{
	const struct entry *e = find(code);

	if (e)
		return e->text;
	return code == 0 ? "success" : strerrordesc_np(-code) ? strerrordesc_np(-code) : "unknown error";
}

int fsv_err_fate(int code)
{
	const struct entry *e = find(code);

	return e ? e->fate : code == 0 ? 0 : 110;
}

int fsv_err_grpc(int code)
{
	const struct entry *e = find(code);

	return e ? e->grpc : code == 0 ? 0 : 13;
}

void fsv_bug(const char *cond, const char *file, int line, const char *func)
{
	fprintf(stderr, "<0>bug: %s at %s:%d in %s; this is a fault of the program, please report it\n",
		cond, file, line, func);
	abort();
}
