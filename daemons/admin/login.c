/* SPDX-License-Identifier: Apache-2.0 */
#include "admin-conf.h"
#include "api.h"
#include "base/log.h"
#include "base/pool.h"
#include "base/time.h"
#include "front.h"
#include "visit.h"

#define COOKIE	"sessionToken=%s; Path=/; HttpOnly; SameSite=Strict%s"

struct login {
	struct fsv_visit *v;
	struct fsv_accounts *accounts;	/* one reference */
	struct fsv_str user, password;
	bool here;
	const struct fsv_account *account;
};

/* By TLS of our own, or that of a server before us: a browser keeps such a cookie from plain connections. */
static bool came_by_tls(const struct fsv_visit *v)
{
	return v->admin->tls || fsv_str_caseeq(fsv_http_header(v->req, "X-Forwarded-Proto"), FSV_STR("https"));
}

static void set_cookie(struct fsv_visit *v, const char *token, bool end, struct fsv_http_header_out *header)
{
	const char *more = fsv_arena_printf(v->arena, "%s%s", came_by_tls(v) ? "; Secure" : "", end ? "; Max-Age=0" : "");

	*header = (struct fsv_http_header_out){ "Set-Cookie", fsv_arena_printf(v->arena, COOKIE, token, more) };
}

static void welcome(struct fsv_visit *v, const struct login *login)
{
	struct fsv_sessions *sessions = v->admin->w.sessions;
	struct fsv_http_header_out cookie;
	char token[FSV_TOKEN_LEN + 1];
	struct fsv_err err;
	struct fsv_jsonw w;
	struct fsv_buf out;

	if (fsv_session_open(sessions, login->user, login->account->role, fsv_now_ns(), token, &err) < 0) {
		fsv_visit_system_error(v, err.text);
		return;
	}
	v->session = *fsv_session_find(sessions, fsv_str(token), true, fsv_now_ns());
	atomic_store(&v->admin->n_sessions, (unsigned)fsv_sessions_count(sessions));
	fsv_buf_init(&out, v->arena, 0);
	fsv_jsonw_init(&w, &out);
	fsv_jsonw_begin(&w, '{');
	fsv_jsonw_kv_str(&w, "sessionToken", fsv_str(token));
	fsv_jsonw_kv_int(&w, "timestamp", fsv_wall_ms());
	fsv_jsonw_end(&w, '}');
	set_cookie(v, token, false, &cookie);
	fsv_visit_reply_with(v, 0, "", fsv_buf_str(&out), &cookie, 1);
}

/* [the worker] */
static void checked(void *arg)
{
	struct login *login = arg;
	struct fsv_visit *v = login->v;

	fsv_rpc_release(v->admin->w.asker.worker);
	v->audited = true;
	if (login->account) {
		fsv_throttle_passed(v->admin->w.throttle, login->user, fsv_http_peer(v->req));
		welcome(v, login);
	} else {
		/* What was typed there may be a password; only names that exist are noted. */
		fsv_visit_note(v, "user", fsv_map_get(&login->accounts->by_name, login->user) ? login->user : FSV_STR("(unknown)"));
		fsv_visit_reply(v, 120, "username or password is wrong", FSV_STR_NULL);
	}
	fsv_ref_put(&login->accounts->ref);
}

/* [the pool] */
static void check(void *arg)
{
	struct login *login = arg;
	struct fsv_rpc_worker *worker = login->v->admin->w.asker.worker;

	login->account = fsv_accounts_check(login->accounts, login->user, login->password, login->here);
	fsv_rpc_post(worker, checked, login);
}

static void submit(struct fsv_visit *v, struct fsv_str user, struct fsv_str password)
{
	struct login *login = FSV_ARENA_NEW(v->arena, struct login);

	*login = (struct login){ .v = v, .accounts = v->admin->w.accounts, .user = user, .password = password,
				 .here = fsv_front_is_here(v->req) };
	fsv_ref_get(&login->accounts->ref);
	fsv_rpc_hold(v->admin->w.asker.worker);
	if (fsv_pool_submit(v->admin->logins, check, login) == 0)
		return;
	fsv_rpc_release(v->admin->w.asker.worker);
	fsv_ref_put(&login->accounts->ref);
	fsv_visit_reply(v, 124, "too many logins at this moment; try again", FSV_STR_NULL);
}

void fsv_login(struct fsv_visit *v)
{
	struct fsv_str user = fsv_visit_str(v, "username"), password = fsv_visit_str(v, "password");
	struct fsv_str peer = fsv_http_peer(v->req);
	int64_t now = fsv_now_ns(), wait = fsv_throttle_wait(v->admin->w.throttle, user, peer, now);

	if (fsv_str_blank(user) || fsv_str_blank(password)) {
		fsv_visit_bad_parameter(v, NULL);
	} else if (v->admin->w.accounts->by_name.n == 0) {
		fsv_visit_reply(v, 120, "there is no account yet; \"fate-servingctl admin passwd\" on the console's machine makes one",
				FSV_STR_NULL);
	} else if (wait > 0) {
		fsv_log_limited(FSV_LOG_WARNING, NULL, "a login from %.*s was refused unseen: too many have failed", FSV_STR_ARG(peer));
		fsv_visit_reply(v, 120, fsv_arena_printf(v->arena, "too many failed logins; try again in %lld s",
							 (long long)(wait / FSV_S + 1)), FSV_STR_NULL);
	} else {
		fsv_throttle_failed(v->admin->w.throttle, user, peer, now);
		submit(v, user, password);
	}
}

void fsv_logout(struct fsv_visit *v)
{
	struct fsv_http_header_out cookie;

	(void)fsv_session_close(v->admin->w.sessions, v->token);	/* it was there a moment ago */
	atomic_store(&v->admin->n_sessions, (unsigned)fsv_sessions_count(v->admin->w.sessions));
	set_cookie(v, "", true, &cookie);
	fsv_visit_reply_with(v, 0, "", FSV_STR_NULL, &cookie, 1);
}

void fsv_session_show(struct fsv_visit *v)
{
	const struct fsv_sessions *sessions = v->admin->w.sessions;
	struct fsv_jsonw w;
	struct fsv_buf out;

	fsv_buf_init(&out, v->arena, 0);
	fsv_jsonw_init(&w, &out);
	fsv_jsonw_begin(&w, '{');
	fsv_jsonw_kv_str(&w, "user", fsv_str(v->session.user));
	fsv_jsonw_kv_str(&w, "role", fsv_str(fsv_role_name(v->session.role)));
	fsv_jsonw_kv_int(&w, "idleSecondsLeft", fsv_session_idle_left(sessions, &v->session, v->began) / 1000);
	fsv_jsonw_kv_int(&w, "absoluteSecondsLeft", fsv_session_max_left(sessions, &v->session, v->began) / 1000);
	fsv_jsonw_kv_str(&w, "version", FSV_STR(FSV_VERSION));
	fsv_jsonw_key(&w, FSV_STR("tls"));
	fsv_jsonw_bool(&w, v->admin->tls);
	fsv_jsonw_end(&w, '}');
	fsv_visit_reply(v, 0, "success", fsv_buf_str(&out));
}
