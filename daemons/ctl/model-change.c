/* SPDX-License-Identifier: Apache-2.0 */
/* fate-servingctl model load, bind, unbind, unload, fetch: what FATE-Flow and the Java command can do. */
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>

#include "base/str.h"
#include "call.h"
#include "call/message.h"
#include "call/services.h"
#include "ctl.h"
#include "lib/proto/relay.pb-c.h"
#include "publish-file.h"
#include "remote.h"

enum { LOAD_TIMEOUT_MS = 15 * 60 * 1000, CHANGE_TIMEOUT_MS = 60 * 1000, MODEL_NULL = 104, QUERY_BY_SERVICE = 1 };

/* One change on one server. success: what is said of it. */
static int change(struct fsv_ctl_remote *remote, const char *server, const char *method, const ProtobufCMessage *request,
		  int64_t timeout_ms, const char *success)
{
	struct fsv_str answer = FSV_STR_NULL;
	struct fsv_err err = FSV_ERR_INIT;
	Fsv__PublishResponse *response;
	int r = fsv_ctl_call(server, method, fsv_message_encode(request, &remote->arena),
			     remote->timeout_ms ? remote->timeout_ms : timeout_ms, &remote->arena, &answer, &err);

	/* All answers begin alike. */
	response = r < 0 ? NULL : (Fsv__PublishResponse *)fsv_message_decode(&fsv__publish_response__descriptor, answer,
									    &remote->arena);
	if (!response) {
		fsv_ctl_remote_outcome(remote, server, -1, r < 0 ? err.text : "the answer cannot be read", "", "");
		return -1;
	}
	fsv_ctl_remote_outcome(remote, server, response->statuscode, response->message, response->error, success);
	return response->statuscode;
}

static const char *only_server(const struct fsv_ctl_remote *remote)
{
	return remote->n_servers > 0 ? remote->servers[0] : FSV_CTL_SERVER;
}

/* load and bind ------------------------------------------------------------------------------------------- */

static int read_publish(struct fsv_ctl_remote *remote, const char *command, struct fsv_ctl_publish *publish)
{
	struct fsv_err err = FSV_ERR_INIT;

	if (remote->argc != 1)
		return fsv_ctl_usage("model %s takes one file, as FATE-Flow's users have it", command);
	if (fsv_ctl_publish_read(remote->argv[0], remote->role, remote->party, &remote->arena, publish, &err) < 0)
		return fsv_ctl_fail(&err);
	if (remote->n_servers == 0) {
		unsigned max = publish->n_servings < FSV_CTL_SERVERS_MAX ? publish->n_servings : FSV_CTL_SERVERS_MAX;

		for (; remote->n_servers < max; remote->n_servers++)
			remote->servers[remote->n_servers] = publish->servings[remote->n_servers];
	}
	if (remote->n_servers > 0)
		return FSV_CTL_OK;
	fsv_ctl_note("no servings address is known: say --server HOST:PORT (the gRPC port of a fate-serving-server, 8000 unless "
		     "its configuration says otherwise), or list some in %s: \"servings\": [\"127.0.0.1:8000\"]",
		     remote->argv[0]);
	return FSV_CTL_FAILURE;
}

static void remind(const struct fsv_ctl_publish *publish)
{
	struct fsv_buf list;

	if (publish->n_others == 0)
		return;
	fsv_buf_init(&list, NULL, 0);
	for (unsigned i = 0; i < publish->n_others; i++)
		fsv_buf_printf(&list, "%s%s", i ? ", " : "", publish->others[i]);
	fsv_ctl_note("the model answers together with %s: its half must be loaded there as well, under the same model version",
		     fsv_buf_cstr(&list));
	fsv_buf_done(&list);
}

static int load(struct fsv_ctl_remote *remote)
{
	struct fsv_ctl_publish publish;
	int status = read_publish(remote, "load", &publish);
	Fsv__PublishRequest *m = &publish.request;
	const char *text;

	if (status != FSV_CTL_OK)
		return status;
	if (remote->type)
		m->loadtype = (char *)remote->type;
	if (remote->from)
		m->filepath = (char *)remote->from;
	text = fsv_arena_printf(&remote->arena, "model %s of %s %s is loaded",
				m->n_model > 0 && m->model[0]->value->n_rolemodelinfo > 0 ?
				m->model[0]->value->rolemodelinfo[0]->value->tablename : "", m->local->role, m->local->partyid);
	for (unsigned i = 0; i < remote->n_servers; i++)
		if (change(remote, remote->servers[i], FSV_MODEL_SERVICE "publishLoad", &m->base, LOAD_TIMEOUT_MS, text) != 0)
			status = FSV_CTL_FAILURE;
	if (status == FSV_CTL_OK && !remote->json)
		remind(&publish);
	return fsv_ctl_remote_print(remote, status);
}

static int bind_service(struct fsv_ctl_remote *remote)
{
	struct fsv_ctl_publish publish;
	int status = read_publish(remote, "bind", &publish);
	Fsv__PublishRequest *m = &publish.request;
	const char *text;

	if (status != FSV_CTL_OK)
		return status;
	if (remote->service)
		m->serviceid = (char *)remote->service;
	if (!*m->serviceid)
		return fsv_ctl_usage("no service id: fill in \"service_id\" in %s, or say --service ID", remote->argv[0]);
	text = fsv_arena_printf(&remote->arena, "service id %s is bound", m->serviceid);
	for (unsigned i = 0; i < remote->n_servers; i++) {
		int code = change(remote, remote->servers[i], FSV_MODEL_SERVICE "publishBind", &m->base, CHANGE_TIMEOUT_MS, text);

		if (code == MODEL_NULL && !remote->json)
			fsv_ctl_note("the model must be loaded first: fate-servingctl model load --server %s FILE",
				     remote->servers[i]);
		if (code != 0)
			status = FSV_CTL_FAILURE;
	}
	return fsv_ctl_remote_print(remote, status);
}

/* unbind and unload ---------------------------------------------------------------------------------------- */

/* The model that a service id is bound to; NULL with a message when there is none. */
static const Fsv__ModelInfoEx *find_service(struct fsv_ctl_remote *remote, const char *server, const char *service)
{
	Fsv__QueryModelRequest request = FSV__QUERY_MODEL_REQUEST__INIT;
	Fsv__QueryModelResponse *response = NULL;
	struct fsv_err err = FSV_ERR_INIT;

	request.querytype = QUERY_BY_SERVICE;
	request.serviceid = (char *)service;
	if (fsv_ctl_query(remote, server, &request, &response, &err) < 0) {
		fsv_ctl_remote_outcome(remote, server, -1, err.text, "", "");
		return NULL;
	}
	for (size_t i = 0; i < response->n_modelinfos; i++)
		for (size_t k = 0; k < response->modelinfos[i]->n_serviceids; k++)
			if (strcmp(response->modelinfos[i]->serviceids[k], service) == 0)
				return response->modelinfos[i];
	fsv_ctl_remote_outcome(remote, server, MODEL_NULL, fsv_arena_printf(&remote->arena,
			       "no service id \"%s\" is bound there; \"fate-servingctl model list --server %s\" shows what is",
			       service, server), "", "");
	return NULL;
}

static int unbind_one(struct fsv_ctl_remote *remote, const char *server, char *service)
{
	const Fsv__ModelInfoEx *info = find_service(remote, server, service);
	Fsv__UnbindRequest request = FSV__UNBIND_REQUEST__INIT;

	if (!info)
		return -1;
	request.serviceids = &service;
	request.n_serviceids = 1;
	request.tablename = info->tablename;
	request.namespace_ = info->namespace_;
	return change(remote, server, FSV_MODEL_SERVICE "unbind", &request.base, CHANGE_TIMEOUT_MS,
		      fsv_arena_printf(&remote->arena, "service id %s is unbound from model %s", service, info->tablename));
}

static int unbind(struct fsv_ctl_remote *remote)
{
	int status = FSV_CTL_OK;

	if (remote->argc == 0)
		return fsv_ctl_usage("model unbind takes one or more service ids");
	for (unsigned i = 0; i < (remote->n_servers ? remote->n_servers : 1); i++)
		for (int k = 0; k < remote->argc; k++)
			if (unbind_one(remote, remote->n_servers ? remote->servers[i] : FSV_CTL_SERVER, remote->argv[k]) != 0)
				status = FSV_CTL_FAILURE;
	return fsv_ctl_remote_print(remote, status);
}

static int unload_one(struct fsv_ctl_remote *remote, const char *server)
{
	Fsv__UnloadRequest request = FSV__UNLOAD_REQUEST__INIT;
	int code;

	if (remote->service) {
		const Fsv__ModelInfoEx *info = find_service(remote, server, remote->service);

		if (!info)
			return -1;
		request.tablename = info->tablename;
		request.namespace_ = info->namespace_;
	} else {
		request.tablename = remote->argv[0];
		request.namespace_ = remote->argv[1];
	}
	code = change(remote, server, FSV_MODEL_SERVICE "unload", &request.base, CHANGE_TIMEOUT_MS,
		      fsv_arena_printf(&remote->arena, "model %s %s is unloaded", request.tablename, request.namespace_));
	if (code == MODEL_NULL && !remote->json)
		fsv_ctl_note("no model of these names is loaded there; \"fate-servingctl model list --server %s\" shows the names",
			     server);
	return code;
}

static int unload(struct fsv_ctl_remote *remote)
{
	int status = FSV_CTL_OK;

	if (remote->argc != (remote->service ? 0 : 2))
		return fsv_ctl_usage("model unload takes MODEL-VERSION and NAMESPACE, as model list shows them, or --service ID");
	for (unsigned i = 0; i < (remote->n_servers ? remote->n_servers : 1); i++)
		if (unload_one(remote, remote->n_servers ? remote->servers[i] : FSV_CTL_SERVER) != 0)
			status = FSV_CTL_FAILURE;
	return fsv_ctl_remote_print(remote, status);
}

/* fetch ------------------------------------------------------------------------------------------------------ */

/* The server takes IPv4 numbers only. */
static int resolve(const char *address, char ip[INET_ADDRSTRLEN], int32_t *ret_port, struct fsv_err *err)
{
	const struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM };
	struct fsv_str text = fsv_str(address);
	size_t colon = fsv_str_find(text, ':', 0);
	struct addrinfo *found = NULL;
	char host[256];
	int64_t port;
	int r;

	if (colon == 0 || colon >= sizeof(host) || colon == text.n ||
	    !fsv_str_to_i64(fsv_str_sub(text, colon + 1, text.n), &port) || port < 1 || port > 65535)
		return fsv_err_set(err, FSV_E_SYNTAX, "\"%s\" is no address of the form host:port", address);
	memcpy(host, address, colon);
	host[colon] = '\0';
	r = getaddrinfo(host, NULL, &hints, &found);
	if (r != 0)
		return fsv_err_set(err, FSV_E_NET, "%s cannot be resolved to an IPv4 address: %s", host, gai_strerror(r));
	(void)inet_ntop(AF_INET, &((const struct sockaddr_in *)found->ai_addr)->sin_addr, ip, INET_ADDRSTRLEN);
	freeaddrinfo(found);
	*ret_port = (int32_t)port;
	return 0;
}

static int fetch(struct fsv_ctl_remote *remote)
{
	Fsv__FetchModelRequest request = FSV__FETCH_MODEL_REQUEST__INIT;
	struct fsv_err err = FSV_ERR_INIT;
	char ip[INET_ADDRSTRLEN];
	int code;

	if (!remote->source || remote->argc != 2)
		return fsv_ctl_usage("model fetch takes --source HOST:PORT, MODEL-VERSION and NAMESPACE");
	if (remote->n_servers > 1)
		return fsv_ctl_usage("model fetch takes one server");
	if (resolve(remote->source, ip, &request.sourceport, &err) < 0)
		return fsv_ctl_fail(&err);
	request.sourceip = ip;
	request.tablename = remote->argv[0];
	request.namespace_ = remote->argv[1];
	code = change(remote, only_server(remote), FSV_MODEL_SERVICE "fetchModel", &request.base, CHANGE_TIMEOUT_MS,
		      fsv_arena_printf(&remote->arena, "model %s %s is copied from %s", remote->argv[0], remote->argv[1],
				       remote->source));
	if (code == 130 && !remote->json)
		fsv_ctl_note("both servers need the key model.synchronize set to true");
	return fsv_ctl_remote_print(remote, code == 0 ? FSV_CTL_OK : FSV_CTL_FAILURE);
}

/* Commands ----------------------------------------------------------------------------------------------------- */

static int run(const char *letters, int (*command)(struct fsv_ctl_remote *remote), int argc, char **argv)
{
	struct fsv_ctl_remote remote;
	int status = fsv_ctl_remote_parse(&remote, letters, argc, argv);

	if (status == FSV_CTL_OK)
		status = command(&remote);
	fsv_ctl_remote_done(&remote);
	return status;
}

int fsv_ctl_model_load(int argc, char **argv)
{
	return run("srptf", load, argc, argv);
}

int fsv_ctl_model_bind(int argc, char **argv)
{
	return run("sSrp", bind_service, argc, argv);
}

int fsv_ctl_model_unbind(int argc, char **argv)
{
	return run("s", unbind, argc, argv);
}

int fsv_ctl_model_unload(int argc, char **argv)
{
	return run("sS", unload, argc, argv);
}

int fsv_ctl_model_fetch(int argc, char **argv)
{
	return run("so", fetch, argc, argv);
}
