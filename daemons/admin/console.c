/* SPDX-License-Identifier: Apache-2.0 */
#include "console.h"

#include <stdio.h>

#include "codec/digest.h"
#include "front.h"

enum { FILES_MAX = 128, TAG_LEN = 16 };

/* Made of the folder by the build (module.mk); ends with a name that is NULL. */
extern const struct fsv_console_file {
	const char *name;	/* "index.html", "img/node.svg" */
	const char *data;
	size_t n;
} fsv_console_files[];

static char tags[FILES_MAX][TAG_LEN + 3];

static const struct {
	const char *ending, *type;
} types[] = {
	{ ".html", "text/html;charset=UTF-8" }, { ".js", "text/javascript;charset=UTF-8" },
	{ ".css", "text/css;charset=UTF-8" }, { ".svg", "image/svg+xml" }, { ".json", "application/json" },
	{ ".png", "image/png" }, { ".ico", "image/vnd.microsoft.icon" }, { ".woff2", "font/woff2" },
	{ ".txt", "text/plain;charset=UTF-8" }, { ".webmanifest", "application/manifest+json" },
};

static const char *type_of(struct fsv_str name)
{
	for (unsigned i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (fsv_str_ends(name, fsv_str(types[i].ending)))
			return types[i].type;
	return "application/octet-stream";
}

void fsv_console_init(void)
{
	char digest[65];

	for (unsigned i = 0; fsv_console_files[i].name; i++) {
		FSV_BUG_ON(i == FILES_MAX);
		fsv_sha256_hex(fsv_str_n(fsv_console_files[i].data, fsv_console_files[i].n), digest);
		snprintf(tags[i], sizeof(tags[i]), "\"%.*s\"", TAG_LEN, digest);
	}
}

/* Only names that the build has put there are found, so there is no way out of the folder. */
void fsv_console(struct fsv_http_req *req, struct fsv_str path)
{
	struct fsv_str name = path.n <= 1 ? FSV_STR("index.html") : fsv_str_sub(path, 1, path.n);
	struct fsv_str method = fsv_http_method(req);
	unsigned i = 0;

	if (!fsv_str_is(method, "GET") && !fsv_str_is(method, "HEAD")) {
		fsv_front_fault(req, 405, "Method Not Allowed");
		return;
	}
	while (fsv_console_files[i].name && !fsv_str_is(name, fsv_console_files[i].name))
		i++;
	if (!fsv_console_files[i].name) {
		fsv_front_fault(req, 404, "Not Found");
	} else {
		const struct fsv_http_header_out headers[] = { { "ETag", tags[i] }, { "Cache-Control", "no-cache" } };
		bool same = fsv_str_is(fsv_http_header(req, "If-None-Match"), tags[i]);

		fsv_front_reply(req, same ? 304 : 200, same ? NULL : type_of(name),
				same ? FSV_STR_NULL : fsv_str_n(fsv_console_files[i].data, fsv_console_files[i].n), headers, 2);
	}
}
