/* SPDX-License-Identifier: Apache-2.0 */
#include "svc-private.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/log.h"
#include "base/metrics.h"
#include "base/time.h"
#include "net/http.h"
#include "net/probe.h"
#include "net/rpc.h"

enum { STATUS_MS = 5000, DRAIN_POLL_MS = 10, STATUS_MAX = 512 };

/* jemalloc reads this at its start: memory of a burst goes back to the system within seconds. */
extern const char *malloc_conf;
__attribute__((visibility("default")))
const char *malloc_conf = "background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0,narenas:4";

struct fsv_svc {
	const struct fsv_svc_desc *desc;
	const char *path;
	struct fsv_conf *conf;
	struct fsv_loop *loop;
	struct fsv_timer *status_timer, *watchdog_timer, *drain_timer;
	int64_t watchdog_ms;		/* 0 = none */
	bool stalled;			/* told already */
	struct fsv_svc_state state;	/* for /metrics */
	bool draining;
	int64_t drain_deadline;
	char status[STATUS_MAX];	/* what was sent last */
	char reload_fault[STATUS_MAX];	/* why the newest reload was refused; "" = it was not */
};

struct fsv_loop *fsv_svc_loop(struct fsv_svc *svc)
{
	return svc->loop;
}

void *fsv_svc_user(struct fsv_svc *svc)
{
	return svc->desc->user;
}

const struct fsv_conf *fsv_svc_conf(struct fsv_svc *svc)
{
	return svc->conf;
}

const char *fsv_svc_conf_path(struct fsv_svc *svc)
{
	return svc->path;
}

int64_t fsv_svc_stall_ns(const struct fsv_rpc *rpc, const struct fsv_http *http)
{
	int64_t in_rpc = rpc ? fsv_rpc_stall_ns(rpc) : 0;
	int64_t since = http ? fsv_http_stall_ns(http) : 0;
	int64_t in_http = since ? fsv_now_ns() - since : 0;

	return in_rpc > in_http ? in_rpc : in_http;
}

void fsv_svc_progress(struct fsv_svc *svc, const char *fmt, ...)
{
	char text[STATUS_MAX];
	va_list ap;

	(void)svc;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)sd_notifyf(0, "EXTEND_TIMEOUT_USEC=30000000\nSTATUS=%s", text);	/* the next one may arrive */
}

static void send_status(void *arg)
{
	struct fsv_svc *svc = arg;
	struct fsv_buf line;

	fsv_buf_init(&line, NULL, 0);
	if (svc->reload_fault[0])
		fsv_buf_printf(&line, "configuration not reloaded (%s); ", svc->reload_fault);
	if (svc->draining)
		fsv_buf_puts(&line, "stopping; ");
	svc->desc->status(svc, &line);
	/* One that was not taken is sent again a second later. */
	if (strncmp(fsv_buf_cstr(&line), svc->status, STATUS_MAX - 1) != 0 &&
	    sd_notifyf(0, "STATUS=%.*s", STATUS_MAX - 1, fsv_buf_cstr(&line)) >= 0)
		snprintf(svc->status, sizeof(svc->status), "%s", fsv_buf_cstr(&line));
	fsv_buf_done(&line);
}

/* Fed only while requests get on: an idle daemon is healthy, one whose handler hangs is not. */
static void feed_watchdog(void *arg)
{
	struct fsv_svc *svc = arg;
	int64_t limit = fsv_conf_int(svc->conf, svc->desc->key_stall_limit) * FSV_MS;
	int64_t stall = svc->desc->stall_ns(svc);

	if (stall < limit) {
		svc->stalled = false;
		(void)sd_notify(0, "WATCHDOG=1");	/* the next one may arrive */
	} else if (!svc->stalled) {
		svc->stalled = true;
		fsv_log_err("a request handler has been running for %lld ms; the watchdog is not fed until it ends",
			    (long long)(stall / FSV_MS));
	}
}

/* For what the manager waits for. */
static void tell(const char *text)
{
	int r = sd_notify(0, text);

	if (r < 0)
		fsv_log_warn("the service manager could not be told %.*s: %s", (int)strcspn(text, "\n"), text, strerror(-r));
}

static void apply_log(const struct fsv_svc *svc)
{
	int level = FSV_LOG_INFO;

	(void)fsv_log_level_parse(fsv_conf_str(svc->conf, svc->desc->key_log_level), &level);	/* checked by the schema */
	fsv_log_set_level(level);
}

static int take_new_conf(struct fsv_svc *svc, struct fsv_err *err)
{
	struct fsv_conf *was = svc->conf, *now;
	struct fsv_buf keys;
	int r;

	r = fsv_conf_load(svc->desc->schema, svc->path, &now, err);
	if (r < 0)
		return r;
	svc->conf = now;
	r = svc->desc->reload ? svc->desc->reload(svc, was, err) : 0;
	if (r < 0) {
		svc->conf = was;
		fsv_conf_unref(now);
		return r;
	}
	fsv_buf_init(&keys, NULL, 0);
	if (fsv_conf_restart_keys(was, now, &keys) > 0)
		fsv_log_warn("configuration: changed, but in effect only after a restart: %s", fsv_buf_cstr(&keys));
	fsv_buf_done(&keys);
	fsv_conf_unref(was);
	apply_log(svc);
	return 0;
}

static void on_hup(int signo, void *arg)
{
	struct fsv_svc *svc = arg;
	struct fsv_err err = FSV_ERR_INIT;
	char text[64];
	bool taken;

	(void)signo;
	if (svc->draining)
		return;
	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)(fsv_now_ns() / 1000));
	tell(text);
	taken = take_new_conf(svc, &err) == 0;
	fsv_svc_count_reload(taken);
	if (!taken) {
		snprintf(svc->reload_fault, sizeof(svc->reload_fault), "%.*s", STATUS_MAX - 1, err.text);
		fsv_log_err("reload refused: %s; the previous configuration stays in effect", err.text);
	} else {
		svc->reload_fault[0] = '\0';
		fsv_log_info("configuration reloaded from %s", svc->path);
	}
	tell("READY=1");
	send_status(svc);
}

static void look_whether_drained(void *arg)
{
	struct fsv_svc *svc = arg;

	if (svc->desc->busy(svc) == 0 || fsv_now_ns() >= svc->drain_deadline)
		fsv_loop_quit(svc->loop, FSV_EXIT_OK);
}

static void on_term(int signo, void *arg)
{
	struct fsv_svc *svc = arg;
	int64_t ms = fsv_conf_int(svc->conf, svc->desc->key_drain_timeout);
	char text[96];

	if (svc->draining) {
		fsv_log_notice("second %s: stopping at once", strsignal(signo));
		svc->drain_deadline = fsv_now_ns();
		fsv_probe_limit(svc->drain_deadline);
		fsv_loop_quit(svc->loop, FSV_EXIT_OK);
		return;
	}
	svc->draining = true;
	atomic_store(&svc->state.draining, true);
	svc->drain_deadline = fsv_deadline_in_ms(ms);
	fsv_probe_limit(svc->drain_deadline);
	snprintf(text, sizeof(text), "STOPPING=1\nEXTEND_TIMEOUT_USEC=%lld", (long long)(ms + 10000) * 1000);
	tell(text);
	fsv_log_info("stopping: no new requests; waiting up to %lld ms for %u open ones", (long long)ms,
		     svc->desc->busy(svc));
	svc->desc->drain(svc);
	svc->drain_timer = fsv_timer_new(svc->loop, look_whether_drained, svc);
	fsv_timer_set(svc->drain_timer, 0, DRAIN_POLL_MS);
	send_status(svc);
}

static int start(struct fsv_svc *svc, struct fsv_err *err)
{
	static const int stop_signals[] = { SIGTERM, SIGINT };
	uint64_t watchdog_us = 0;
	int r;

	signal(SIGPIPE, SIG_IGN);
	r = fsv_loop_new(&svc->loop, err);
	for (size_t i = 0; r == 0 && i < 2; i++)
		r = fsv_loop_signal(svc->loop, stop_signals[i], on_term, svc, err);
	if (r == 0)
		r = fsv_loop_signal(svc->loop, SIGHUP, on_hup, svc, err);
	fsv_svc_sockets_open();
	if (r == 0)
		r = svc->desc->init(svc, err);
	if (r == 0)
		fsv_svc_sockets_close();
	if (r < 0)
		return r;
	if (sd_watchdog_enabled(0, &watchdog_us) > 0) {
		svc->watchdog_ms = (int64_t)(watchdog_us / 3000);
		svc->watchdog_timer = fsv_timer_new(svc->loop, feed_watchdog, svc);
		fsv_timer_set(svc->watchdog_timer, 0, svc->watchdog_ms > 0 ? svc->watchdog_ms : 1);
	}
	svc->status_timer = fsv_timer_new(svc->loop, send_status, svc);
	fsv_timer_set(svc->status_timer, STATUS_MS, STATUS_MS);
	tell("READY=1");
	send_status(svc);
	fsv_svc_trim();
	return 0;
}

static int serve(struct fsv_svc *svc)
{
	struct fsv_err err = FSV_ERR_INIT;
	int code = FSV_EXIT_FAILURE;
	unsigned cut;

	apply_log(svc);
	fsv_svc_log_open(fsv_conf_enum(svc->conf, svc->desc->key_log_target), svc->desc->schema->daemon);
	if (start(svc, &err) < 0) {
		fsv_log_err("cannot start: %s", err.text);
		(void)sd_notifyf(0, "STATUS=cannot start: %s", err.text);	/* the log says it too */
	} else {
		fsv_svc_metrics_open(&svc->state);
		code = fsv_loop_run(svc->loop);
		fsv_svc_metrics_close(&svc->state);
	}
	cut = svc->desc->done(svc, svc->draining ? svc->drain_deadline : fsv_now_ns());
	if (cut > 0)
		fsv_log_warn("%u requests were cut off because drain.timeout had passed", cut);
	fsv_log_info("stopped");
	fsv_timer_free(svc->drain_timer);
	fsv_timer_free(svc->watchdog_timer);
	fsv_timer_free(svc->status_timer);
	fsv_loop_free(svc->loop);
	return code;
}

static void print(struct fsv_buf *text)
{
	fputs(fsv_buf_cstr(text), stdout);
	fsv_buf_done(text);
}

static int without_conf(const struct fsv_svc_desc *desc, enum fsv_svc_action action)
{
	struct fsv_buf text;

	fsv_buf_init(&text, NULL, 0);
	if (action == FSV_SVC_SAMPLE_CONFIG)
		fsv_conf_sample(desc->schema, &text);
	else if (action == FSV_SVC_MANUAL_METRICS)
		fsv_metrics_man(&text);
	else
		fsv_conf_man(desc->schema, desc->schema->daemon, &text);
	print(&text);
	return FSV_EXIT_OK;
}

/* Missing and bad configurations have statuses of their own, so that the unit does not restart on them. */
static int refuse_conf(const struct fsv_svc_desc *desc, int code, const struct fsv_err *err)
{
	fprintf(stderr, "<3>%s: %s\n", desc->schema->daemon, err->text);
	return code == -ENOENT ? FSV_EXIT_NOT_CONFIGURED : FSV_EXIT_CONFIG;
}

int fsv_svc_run(const struct fsv_svc_desc *desc, int argc, char **argv)
{
	struct fsv_svc svc = { .desc = desc };
	struct fsv_err err = FSV_ERR_INIT;
	enum fsv_svc_action action = fsv_svc_options(desc, argc, argv, &svc.path);
	struct fsv_buf text;
	int r, code = FSV_EXIT_OK;

	if (action == FSV_SVC_END || action == FSV_SVC_USAGE)
		return action == FSV_SVC_END ? FSV_EXIT_OK : FSV_EXIT_USAGE;
	svc.state.svc = &svc;
	svc.state.desc = desc;
	if (action == FSV_SVC_SAMPLE_CONFIG || action == FSV_SVC_MANUAL_KEYS || action == FSV_SVC_MANUAL_METRICS)
		return without_conf(desc, action);
	r = fsv_conf_load(desc->schema, svc.path, &svc.conf, &err);
	if (r < 0)
		return refuse_conf(desc, r, &err);
	if (action == FSV_SVC_DUMP_CONFIG) {
		fsv_buf_init(&text, NULL, 0);
		fsv_conf_dump(svc.conf, &text);
		print(&text);
	} else if (action == FSV_SVC_RUN) {
		code = serve(&svc);
	}
	fsv_conf_unref(svc.conf);
	return code;
}
