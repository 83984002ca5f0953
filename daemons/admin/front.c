/* SPDX-License-Identifier: Apache-2.0 */
#include "front.h"

#include "admin.h"
#include "api.h"
#include "console.h"
#include "svc/monitor.h"

enum { HEADERS_MAX = 16 };

/* Scripts, styles and pictures come from here alone, nothing is inline, nobody frames us. */
#define POLICY	"default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'"

static const struct fsv_http_header_out always[] = {
	{ "X-Frame-Options", "DENY" },
	{ "X-XSS-Protection", "1; mode=block" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Content-Security-Policy", POLICY },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
};

enum { N_ALWAYS = sizeof(always) / sizeof(always[0]) };

static bool has(const struct fsv_http_header_out *headers, unsigned n, const char *name)
{
	for (unsigned i = 0; i < n; i++)
		if (strcmp(headers[i].name, name) == 0)
			return true;
	return false;
}

void fsv_front_reply(struct fsv_http_req *req, unsigned status, const char *content_type, struct fsv_str body,
		     const struct fsv_http_header_out *headers, unsigned n_headers)
{
	const struct fsv_admin *admin = fsv_http_data(req);
	struct fsv_http_header_out all[HEADERS_MAX];
	unsigned n = 0;

	FSV_BUG_ON(n_headers + N_ALWAYS + 2 > HEADERS_MAX);
	for (unsigned i = 0; i < N_ALWAYS; i++)
		all[n++] = always[i];
	for (unsigned i = 0; i < n_headers; i++)
		all[n++] = headers[i];
	if (!has(headers, n_headers, "Cache-Control"))
		all[n++] = (struct fsv_http_header_out){ "Cache-Control", "no-store" };
	if (admin->tls)
		all[n++] = (struct fsv_http_header_out){ "Strict-Transport-Security", "max-age=31536000" };
	fsv_http_reply(req, status, content_type, body, all, n);
}

void fsv_front_fault(struct fsv_http_req *req, unsigned status, const char *error)
{
	fsv_front_reply(req, status, "application/json",
			fsv_http_error_json(fsv_http_arena(req), status, error, fsv_http_path(req)), NULL, 0);
}

/* A server before us would make everybody come from this machine; it says so. */
static bool was_forwarded(const struct fsv_http_req *req)
{
	static const char *const signs[] = { "Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto",
					     "X-Real-IP" };

	for (unsigned i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (fsv_http_header(req, signs[i]).p)
			return true;
	return false;
}

/* A page from elsewhere whose name was made to lead to this machine asks for that name. */
static bool asks_for_here(const struct fsv_http_req *req)
{
	static const char *const names[] = { "localhost", "127.0.0.1", "[::1]" };
	struct fsv_str host = fsv_http_header(req, "Host");

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct fsv_str name = fsv_str(names[i]);

		if (fsv_str_caseeq(fsv_str_sub(host, 0, name.n), name) && (host.n == name.n || host.p[name.n] == ':'))
			return true;
	}
	return false;
}

bool fsv_front_is_here(const struct fsv_http_req *req)
{
	struct fsv_str peer = fsv_http_peer(req);

	return (fsv_str_starts(peer, FSV_STR("127.")) || fsv_str_is(peer, "::1")) && asks_for_here(req) && !was_forwarded(req);
}

/* "/a/" is "/a"; the root stays. */
static struct fsv_str without_slash(struct fsv_str path)
{
	return path.n > 1 && path.p[path.n - 1] == '/' ? fsv_str_sub(path, 0, path.n - 1) : path;
}

void fsv_front(struct fsv_http_req *req, void *user)
{
	struct fsv_admin *admin = user;
	struct fsv_str path = fsv_http_path(req);

	fsv_http_set_data(req, admin);
	if (fsv_monitor_http(admin->monitor, req))
		return;
	if (!atomic_load(&admin->has_accounts) && !fsv_front_is_here(req))
		fsv_front_reply(req, 403, "text/plain;charset=UTF-8",
				FSV_STR("This console has no account yet, so it answers its own machine only. There, as root:\n\n"
					"  fate-servingctl admin passwd --file /etc/fate-serving/admin.users NAME\n\n"
					"then set admin.users.file in /etc/fate-serving/serving-admin.yaml and reload the daemon.\n"), NULL, 0);
	else if (fsv_str_starts(path, FSV_STR("/api/")) || fsv_str_starts(path, FSV_STR("/admin/")))
		fsv_api(admin, req, without_slash(path));
	else
		fsv_console(req, path);
}
