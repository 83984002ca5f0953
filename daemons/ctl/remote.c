/* SPDX-License-Identifier: Apache-2.0 */
#include "remote.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "call.h"
#include "call/message.h"
#include "call/services.h"
#include "codec/json.h"
#include "ctl.h"

enum { QUERY_TIMEOUT_MS = 15000, TIMEOUT_MAX_S = 86400 };

static int take(struct fsv_ctl_remote *remote, int option, const char *value)
{
	int64_t seconds;

	switch (option) {
	case 's':
		if (remote->n_servers == FSV_CTL_SERVERS_MAX)
			return fsv_ctl_usage("more than %d servers", FSV_CTL_SERVERS_MAX);
		remote->servers[remote->n_servers++] = value;
		return FSV_CTL_OK;
	case 'S':
		remote->service = value;
		return FSV_CTL_OK;
	case 'r':
		if (strcmp(value, "guest") != 0 && strcmp(value, "host") != 0)
			return fsv_ctl_usage("--role is guest or host, not %s", value);
		remote->role = value;
		return FSV_CTL_OK;
	case 'p':
		remote->party = value;
		return FSV_CTL_OK;
	case 't':
		remote->type = value;
		return FSV_CTL_OK;
	case 'f':
		remote->from = value;
		return FSV_CTL_OK;
	case 'o':
		remote->source = value;
		return FSV_CTL_OK;
	case 'j':
		remote->json = true;
		return FSV_CTL_OK;
	case 'T':
		if (!fsv_str_to_i64(fsv_str(value), &seconds) || seconds < 1 || seconds > TIMEOUT_MAX_S)
			return fsv_ctl_usage("--timeout is a number of seconds, not %s", value);
		remote->timeout_ms = seconds * 1000;
		return FSV_CTL_OK;
	default:
		return FSV_CTL_USAGE;
	}
}

int fsv_ctl_remote_parse(struct fsv_ctl_remote *remote, const char *letters, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "server", required_argument, NULL, 's' },	{ "service", required_argument, NULL, 'S' },
		{ "role", required_argument, NULL, 'r' },	{ "party", required_argument, NULL, 'p' },
		{ "type", required_argument, NULL, 't' },	{ "from", required_argument, NULL, 'f' },
		{ "source", required_argument, NULL, 'o' },	{ "json", no_argument, NULL, 'j' },
		{ "timeout", required_argument, NULL, 'T' },	{ NULL, 0, NULL, 0 },
	};
	int c, status = FSV_CTL_OK;

	*remote = (struct fsv_ctl_remote){ .n_servers = 0 };
	fsv_arena_init(&remote->arena, 0);
	fsv_buf_init(&remote->out, &remote->arena, 0);
	optind = 0;
	while (status == FSV_CTL_OK && (c = getopt_long(argc, argv, "s:j", longs, NULL)) != -1) {
		if (c != '?' && c != 'j' && c != 'T' && !strchr(letters, c))
			status = fsv_ctl_usage("this command has no such option: %s", argv[optind - 1]);
		else
			status = take(remote, c, optarg);
	}
	remote->argc = argc - optind;
	remote->argv = argv + optind;
	return status;
}

void fsv_ctl_remote_done(struct fsv_ctl_remote *remote)
{
	fsv_arena_done(&remote->arena);
}

static void outcome_json(struct fsv_ctl_remote *remote, const char *server, int code, const char *message,
			 const char *detail)
{
	struct fsv_jsonw w;

	fsv_buf_putc(&remote->out, remote->n_out++ == 0 ? '[' : ',');
	fsv_jsonw_init(&w, &remote->out);
	fsv_jsonw_begin(&w, '{');
	fsv_jsonw_kv_str(&w, "server", fsv_str(server));
	fsv_jsonw_kv_int(&w, "retcode", code);
	fsv_jsonw_kv_str(&w, "message", fsv_str(message));
	fsv_jsonw_kv_str(&w, "detail", fsv_str(detail));
	fsv_jsonw_end(&w, '}');
}

void fsv_ctl_remote_outcome(struct fsv_ctl_remote *remote, const char *server, int code, const char *message,
			    const char *detail, const char *success)
{
	const char *colon = *message && *detail ? ": " : "";

	if (remote->json)
		outcome_json(remote, server, code, message, detail);
	else if (code == 0)
		fsv_buf_printf(&remote->out, "%s: %s%s%s\n", server, success, *message ? "; " : "", message);
	else if (code > 0)
		fsv_ctl_note("%s answered %d: %s%s%s", server, code, message, colon, detail);
	else
		fsv_ctl_note("%s", message);
}

int fsv_ctl_remote_print(struct fsv_ctl_remote *remote, int status)
{
	int printed;

	if (remote->json)
		fsv_buf_puts(&remote->out, remote->n_out == 0 ? "[]\n" : "]\n");
	printed = fsv_ctl_print(fsv_buf_str(&remote->out));
	return printed == FSV_CTL_OK ? status : printed;
}

int fsv_ctl_query(struct fsv_ctl_remote *remote, const char *server, const Fsv__QueryModelRequest *request,
		  Fsv__QueryModelResponse **ret_response, struct fsv_err *err)
{
	struct fsv_str answer = FSV_STR_NULL;
	Fsv__QueryModelResponse *response;
	int r = fsv_ctl_call(server, FSV_MODEL_SERVICE "queryModel", fsv_message_encode(&request->base, &remote->arena),
			     remote->timeout_ms ? remote->timeout_ms : QUERY_TIMEOUT_MS, &remote->arena, &answer, err);

	if (r < 0)
		return r;
	response = (Fsv__QueryModelResponse *)fsv_message_decode(&fsv__query_model_response__descriptor, answer,
								&remote->arena);
	if (!response)
		return fsv_err_set(err, FSV_E_RESPONSE, "%s answered with something that is no list of models", server);
	if (response->retcode != 0)
		return fsv_err_set(err, FSV_E_RESPONSE, "%s answered %d: %s", server, (int)response->retcode,
				   response->message);
	*ret_response = response;
	return 0;
}
