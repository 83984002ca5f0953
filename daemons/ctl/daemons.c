/* SPDX-License-Identifier: Apache-2.0 */
#include "daemons.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../admin/admin-conf.h"
#include "../proxy/proxy-conf.h"
#include "../serving-server/serving-server-conf.h"
#include "base/buf.h"
#include "base/log.h"
#include "capture.h"

static const struct {
	const struct fsv_conf_schema *schema;
	unsigned port, address, metrics;
	int option;
	bool may_be_tls;	/* its port speaks HTTPS when FSV_AK_TLS_CERT is set */
} kinds[FSV_CTL_DAEMONS] = {
	{ &fsv_server_schema, FSV_SK_HTTP_PORT, FSV_SK_HTTP_ADDRESS, FSV_SK_METRICS, 's', false },
	{ &fsv_proxy_schema, FSV_PK_HTTP_PORT, FSV_PK_HTTP_ADDRESS, FSV_PK_METRICS, 'p', false },
	{ &fsv_admin_schema, FSV_AK_PORT, FSV_AK_ADDRESS, FSV_AK_METRICS, 'a', true },
};

bool fsv_ctl_place(struct fsv_ctl_places *places, int option, const char *value)
{
	for (unsigned i = 0; i < FSV_CTL_DAEMONS; i++) {
		if (kinds[i].option != option)
			continue;
		places->files[i] = value;
		places->given = true;
		return true;
	}
	return false;
}

/* A daemon that listens everywhere answers here. */
static void place_from_conf(struct fsv_ctl_daemon *d, unsigned kind, const struct fsv_conf *conf)
{
	unsigned own = kinds[kind].metrics;
	bool is_own = fsv_conf_int(conf, own + FSV_MK_PORT) != 0;
	const char *host = fsv_conf_str(conf, is_own ? own + FSV_MK_ADDRESS : kinds[kind].address);

	d->port = (uint16_t)fsv_conf_int(conf, is_own ? own + FSV_MK_PORT : kinds[kind].port);
	d->served = d->port != 0 && (is_own || !kinds[kind].may_be_tls || !fsv_conf_str(conf, FSV_AK_TLS_CERT));
	if (!host || !*host || strcmp(host, "0.0.0.0") == 0)
		host = "127.0.0.1";
	else if (strcmp(host, "::") == 0)
		host = "::1";
	snprintf(d->host, sizeof(d->host), "%s", host);
}

static void read_conf(struct fsv_ctl_daemon *d, unsigned kind)
{
	struct fsv_conf *conf;
	int r;

	/* What a configuration is warned about, its daemon has told. */
	fsv_log_set_level(FSV_LOG_OFF);
	r = fsv_conf_load(kinds[kind].schema, d->file, &conf, &d->fault);
	fsv_log_set_level(FSV_LOG_INFO);
	d->configured = r != -ENOENT;
	if (r < 0)
		return;
	place_from_conf(d, kind, conf);
	if (!d->served)
		fsv_err_set(&d->fault, FSV_E_CONFIG, "%s; set metrics.port", d->port != 0 ?
			    "server.port speaks HTTPS, where /metrics is not read" : "neither server.port nor metrics.port is set, so nothing shows /metrics");
	fsv_conf_unref(conf);
}

/* "Key=value" lines of systemctl show. */
static void take_property(struct fsv_str text, const char *key, char *out, size_t size)
{
	struct fsv_str name = fsv_str(key);

	for (size_t from = 0; from < text.n;) {
		size_t end = fsv_str_find(text, '\n', from);
		struct fsv_str line = fsv_str_sub(text, from, end);

		if (fsv_str_starts(line, name))
			snprintf(out, size, "%.*s", FSV_STR_ARG(fsv_str_sub(line, name.n, line.n)));
		from = end + 1;
	}
}

static void ask_manager(struct fsv_ctl_daemon *d)
{
	const char *const argv[] = {
		"systemctl", "show", "--no-pager", "-p", "LoadState,ActiveState,SubState,MainPID,NRestarts", d->unit, NULL,
	};
	char load[24] = "", active[16] = "", sub[16] = "";
	struct fsv_str text;
	struct fsv_err err;
	struct fsv_buf out;

	fsv_buf_init(&out, NULL, 65536);
	if (fsv_ctl_capture(argv, &out, &err) == 0) {
		text = fsv_buf_str(&out);
		take_property(text, "LoadState=", load, sizeof(load));
		take_property(text, "ActiveState=", active, sizeof(active));
		take_property(text, "SubState=", sub, sizeof(sub));
		take_property(text, "MainPID=", d->pid, sizeof(d->pid));
		take_property(text, "NRestarts=", d->restarts, sizeof(d->restarts));
		if (strcmp(load, "loaded") == 0)
			snprintf(d->state, sizeof(d->state), "%s (%s)", active, sub);
	}
	fsv_buf_done(&out);
}

void fsv_ctl_look_again(struct fsv_ctl_daemon *d, struct fsv_arena *arena)
{
	if (!d->served)
		return;
	d->fault = (struct fsv_err)FSV_ERR_INIT;
	d->answers = fsv_scrape_get(d->host, d->port, arena, &d->page, &d->fault) == 0;
}

void fsv_ctl_look(const struct fsv_ctl_places *places, struct fsv_arena *arena, struct fsv_ctl_daemon daemons[FSV_CTL_DAEMONS])
{
	for (unsigned i = 0; i < FSV_CTL_DAEMONS; i++) {
		struct fsv_ctl_daemon *d = &daemons[i];

		*d = (struct fsv_ctl_daemon){
			.unit = kinds[i].schema->daemon, .file = places->given ? places->files[i] : kinds[i].schema->file,
			.fault = FSV_ERR_INIT,
		};
		if (!d->file)
			continue;
		read_conf(d, i);
		if (!places->given)	/* else it is another one than the manager's */
			ask_manager(d);
		fsv_ctl_look_again(d, arena);
	}
}
