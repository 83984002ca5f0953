/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What we registered. Each node is wanted or not, and known to exist or not; step() asks ZooKeeper for whatever
 * brings the two together, one question at a time. Losing the connection makes no difference: what was not answered
 * is asked again. A session that is new owns nothing, so everything is made again.
 */
#include "registry-private.h"

#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"
#include "codec/digest.h"
#include "codec/json.h"
#include "codec/url.h"
#include "provider.h"

enum { LEAVE_MS = 3000, AGAIN_MS = 1000 };

struct fsv_own {
	struct fsv_registry *r;
	char *key;		/* "serving/lr-test/inference", or the component's path */
	char *folder, *path;
	char *url;		/* NULL for the component */
	uint16_t port;
	const char *protocol;
	bool wanted;
	bool present;		/* it exists and is this session's */
	bool certain;		/* !present is known, not only feared */
	bool swept;		/* earlier nodes of this address are gone */
	bool folder_made;
	bool busy, again;
	bool moved;		/* what is under way is about another path */
	bool dynamic;		/* of a model */
	int64_t made_at;	/* so that two that claim one node do not wear it out */
};

static void step(struct fsv_own *own);

static void own_free(struct fsv_own *own)
{
	free(own->key);
	free(own->folder);
	free(own->path);
	free(own->url);
	free(own);
}

unsigned fsv_own_present(const struct fsv_registry *r)
{
	unsigned n = 0;

	for (size_t i = 0; i < r->own.n; i++)
		n += ((struct fsv_own *)r->own.entries[i].value)->present;
	return n;
}

/* Leaving ----------------------------------------------------------------------------------------------- */

static void on_grace_over(void *arg)
{
	struct fsv_registry *r = arg;
	void (*fn)(void *arg) = r->on_left;

	r->left = true;
	r->on_left = NULL;
	if (fn)
		fn(r->on_left_arg);
}

static void look_whether_left(struct fsv_registry *r)
{
	if (!r->leaving || r->left || r->own.n > 0 || !r->on_left)
		return;
	r->left = true;
	fsv_log_info("registry: everything is taken out; others have %lld ms to notice", (long long)r->grace_ms);
	fsv_timer_set(r->leave_timer, r->grace_ms, 0);
}

void fsv_registry_leave(struct fsv_registry *r, int64_t grace_ms, void (*done)(void *arg), void *arg)
{
	unsigned n = fsv_own_present(r);

	r->leaving = true;
	r->grace_ms = grace_ms;
	r->on_left = done;
	r->on_left_arg = arg;
	if (n == 0 || !r->up) {
		on_grace_over(r);
		return;
	}
	r->leave_timer = fsv_timer_new(r->loop, on_grace_over, r);
	fsv_timer_set(r->leave_timer, LEAVE_MS + grace_ms, 0);
	for (size_t i = r->own.n; i-- > 0;) {
		struct fsv_own *own = r->own.entries[i].value;

		own->wanted = false;
		step(own);
	}
	look_whether_left(r);
}

/* Making and removing ------------------------------------------------------------------------------------ */

static void set_path(struct fsv_own *own, char *path)
{
	struct fsv_registry *r = own->r;

	if (own->path)
		(void)fsv_map_del(&r->own_paths, fsv_str(own->path));
	free(own->path);
	own->path = path;
	(void)fsv_map_put(&r->own_paths, fsv_str(path), own);
}

static void remove_own(struct fsv_own *own)
{
	struct fsv_registry *r = own->r;

	(void)fsv_map_del(&r->own_paths, fsv_str(own->path));
	(void)fsv_map_del(&r->own, fsv_str(own->key));
	own_free(own);
	look_whether_left(r);
}

/* The first node of a branch has to make the branch. Answers come in order, so only the leaf's counts. */
static void make_folders(struct fsv_own *own)
{
	for (char *slash = strchr(own->folder + 1, '/');; slash = strchr(slash + 1, '/')) {
		char *path = fsv_str_dup(slash ? fsv_str_n(own->folder, (size_t)(slash - own->folder)) : fsv_str(own->folder));

		fsv_zk_create(own->r->zk, path, fsv_str(own->r->address), false, NULL, NULL);
		free(path);
		if (!slash)
			break;
	}
	own->folder_made = true;
}

static char *component_data(const struct fsv_registry *r)
{
	struct fsv_jsonw w;
	struct fsv_buf out;
	char *text;

	fsv_buf_init(&out, NULL, 0);
	fsv_jsonw_init(&w, &out);
	fsv_jsonw_begin(&w, '{');
	fsv_jsonw_kv_str(&w, "instance_id", fsv_str(r->instance_id));
	fsv_jsonw_kv_int(&w, "version", FSV_REGISTRY_VERSION);
	fsv_jsonw_kv_int(&w, "timestamp", fsv_wall_ms());
	fsv_jsonw_end(&w, '}');
	text = fsv_str_dup(fsv_buf_str(&out));
	fsv_buf_done(&out);
	return text;
}

/* A refused question is asked again by the tick. */
static void refused(struct fsv_own *own, const struct fsv_zk_result *result)
{
	own->certain = false;
	if (result->rc == FSV_ZK_LOST)
		return;
	fsv_log_limited(FSV_LOG_WARNING, NULL, "registry: %s cannot be %s: %s%s; trying again", own->key,
			own->wanted ? "registered" : "taken out", result->text,
			result->rc == FSV_ZK_NO_AUTH ? " (acl.enable, acl.username and acl.password must be those of the "
			"other nodes)" : "");
}

/* True when the answer was about a path that is no longer the node's. */
static bool answered(struct fsv_own *own)
{
	own->busy = false;
	if (!own->moved)
		return false;
	own->moved = own->present = own->swept = false;
	step(own);
	return true;
}

static bool address_is_ours(const struct fsv_own *own, struct fsv_str text)
{
	struct fsv_provider_url url;

	return fsv_provider_parse(text, &url) && url.port == own->port && fsv_str_is(url.host, own->r->address) &&
	       fsv_str_is(url.protocol, own->protocol);
}

static void on_twins(void *arg, const struct fsv_zk_result *result)
{
	struct fsv_own *own = arg;
	struct fsv_arena arena;

	if (answered(own))
		return;
	own->swept = result->rc == FSV_ZK_OK;
	fsv_arena_init(&arena, 0);
	for (unsigned i = 0; i < result->n_children; i++) {
		const char *path = fsv_arena_printf(&arena, "%s/%s", own->folder, result->children[i]);
		struct fsv_str text;

		if (strcmp(path, own->path) == 0 || !fsv_url_decode(fsv_str(result->children[i]), true, &arena, &text) ||
		    !address_is_ours(own, text))
			continue;
		fsv_log_info("registry: an earlier %s of this address is removed", own->key);
		fsv_zk_delete(own->r->zk, path, NULL, NULL);
	}
	fsv_arena_done(&arena);
	step(own);
}

/* Whose is it? Also sets the watch that tells when somebody removes it. */
static void on_owner(void *arg, const struct fsv_zk_result *result)
{
	struct fsv_own *own = arg;

	if (answered(own))
		return;
	if (result->rc == FSV_ZK_OK && result->ours) {
		own->present = own->certain = true;
	} else if (result->rc == FSV_ZK_OK) {
		/* Left over from a session that is about to end, and would vanish with it. */
		own->present = false;
		fsv_zk_delete(own->r->zk, own->path, NULL, NULL);
	} else if (result->rc == FSV_ZK_NO_NODE) {
		own->present = false;
		own->certain = true;
	} else {
		refused(own, result);
		if (!own->again)
			return;
	}
	step(own);
}

static void ask_owner(struct fsv_own *own)
{
	own->busy = true;
	fsv_zk_exists(own->r->zk, own->path, true, on_owner, own);
}

static void on_create(void *arg, const struct fsv_zk_result *result)
{
	struct fsv_own *own = arg;

	if (answered(own))
		return;
	switch (result->rc) {
	case FSV_ZK_OK:
		own->present = own->certain = true;
		own->made_at = fsv_now_ns();
		ask_owner(own);
		return;
	case FSV_ZK_EXISTS:
		ask_owner(own);
		return;
	case FSV_ZK_NO_NODE:
		if (own->folder_made) {		/* made, and yet not there: the tick tries again */
			refused(own, result);
			own->folder_made = false;
			return;
		}
		make_folders(own);
		step(own);
		return;
	default:
		refused(own, result);
		if (own->again)
			step(own);
	}
}

static void create(struct fsv_own *own)
{
	FSV_AUTO_MEM char *data = own->url ? fsv_str_dup(fsv_str(own->r->address)) : component_data(own->r);

	own->busy = true;
	fsv_zk_create(own->r->zk, own->path, fsv_str(data), true, on_create, own);
}

static void on_delete(void *arg, const struct fsv_zk_result *result)
{
	struct fsv_own *own = arg;

	if (answered(own))
		return;
	if (result->rc == FSV_ZK_OK || result->rc == FSV_ZK_NO_NODE) {
		own->present = false;
		own->certain = true;
		step(own);
	} else {
		refused(own, result);
		if (own->again)
			step(own);
	}
}

static void step(struct fsv_own *own)
{
	struct fsv_registry *r = own->r;

	own->again = own->busy;
	if (own->busy)
		return;
	if (!own->wanted && !own->present && own->certain) {
		remove_own(own);
		return;
	}
	if (!r->up)
		return;
	if (own->wanted && !own->present) {
		if (!r->informed)
			return;
		if (own->made_at == 0 || fsv_now_ns() > own->made_at + AGAIN_MS * FSV_MS)
			create(own);
	} else if (!own->wanted) {
		own->busy = true;
		fsv_zk_delete(r->zk, own->path, on_delete, own);
	} else if (!own->swept && own->url) {
		own->busy = true;
		fsv_zk_list(r->zk, own->folder, false, on_twins, own);
	}
}

/* The wanted set ------------------------------------------------------------------------------------------ */

static char *encoded_path(const char *folder, const char *url)
{
	struct fsv_buf path;
	char *copy;

	fsv_buf_init(&path, NULL, 0);
	fsv_buf_printf(&path, "%s/", folder);
	fsv_url_encode(&path, fsv_str(url));
	copy = fsv_str_dup(fsv_buf_str(&path));
	fsv_buf_done(&path);
	return copy;
}

static char *make_url(const struct fsv_registry *r, const struct fsv_registry_service *service, int64_t timestamp)
{
	struct fsv_provider_url url = {
		.protocol = fsv_str(service->protocol), .host = fsv_str(r->address), .port = service->port,
		.project = fsv_str(service->project), .environment = fsv_str(service->environment),
		.service = fsv_str(service->service),
	};
	const struct fsv_reg_setting *setting;
	enum fsv_router_mode mode = FSV_ROUTER_ALL_ALLOWED;
	int32_t weight = r->opt.weight == 100 ? -1 : (int32_t)r->opt.weight;
	struct fsv_arena arena;
	struct fsv_buf out;
	char *copy;

	fsv_arena_init(&arena, 0);
	setting = fsv_map_get(&r->settings, fsv_str(fsv_arena_printf(&arena, "%s/%s", service->environment, service->service)));
	if (setting && setting->mode != FSV_ROUTER_NONE)
		mode = setting->mode;
	if (setting && setting->weight >= 0)
		weight = setting->weight;
	(void)fsv_provider_set(&url, "router_mode", fsv_str(fsv_router_mode_name(mode)));	/* there is room for four */
	(void)fsv_provider_set(&url, "timestamp", fsv_str(fsv_arena_printf(&arena, "%lld", (long long)timestamp)));
	(void)fsv_provider_set(&url, "version", fsv_str(fsv_arena_printf(&arena, "%d", FSV_REGISTRY_VERSION)));
	if (weight >= 0)
		(void)fsv_provider_set(&url, "weight", fsv_str(fsv_arena_printf(&arena, "%d", weight)));
	fsv_buf_init(&out, &arena, 0);
	fsv_provider_format(&url, &out);
	copy = fsv_str_dup(fsv_buf_str(&out));
	fsv_arena_done(&arena);
	return copy;
}

static void want(struct fsv_registry *r, const struct fsv_registry_service *service, bool dynamic)
{
	struct fsv_own *own;
	struct fsv_buf text;

	fsv_buf_init(&text, NULL, 0);
	fsv_buf_printf(&text, "%s/%s/%s", service->project, service->environment, service->service);
	own = fsv_map_get(&r->own, fsv_buf_str(&text));
	if (own) {
		own->wanted = true;
		fsv_buf_done(&text);
		step(own);
		return;
	}
	own = FSV_NEW(struct fsv_own);
	*own = (struct fsv_own){ .r = r, .key = fsv_str_dup(fsv_buf_str(&text)), .port = service->port,
				 .protocol = service->protocol, .wanted = true, .certain = true, .dynamic = dynamic };
	fsv_buf_clear(&text);
	fsv_buf_printf(&text, FSV_SERVICES_ROOT "/%s/%s/", service->project, service->environment);
	fsv_url_encode(&text, fsv_str(service->service));
	fsv_buf_puts(&text, "/providers");
	own->folder = fsv_str_dup(fsv_buf_str(&text));
	fsv_buf_done(&text);
	own->url = make_url(r, service, fsv_wall_ms());
	(void)fsv_map_put(&r->own, fsv_str(own->key), own);
	set_path(own, encoded_path(own->folder, own->url));
	step(own);
}

static void want_models(struct fsv_registry *r)
{
	for (size_t i = 0; i < r->wanted_models.n; i++) {
		const struct fsv_str key = r->wanted_models.entries[i].key;
		size_t slash = key.n;
		FSV_AUTO_MEM char *environment = NULL;

		while (slash > 0 && key.p[slash - 1] != '/')
			slash--;
		environment = fsv_str_dup(fsv_str_sub(key, 0, slash - 1));
		want(r, &(struct fsv_registry_service){ "grpc", r->opt.port, r->opt.project, environment, key.p + slash }, true);
	}
}

static void want_component(struct fsv_registry *r)
{
	struct fsv_own *own = FSV_NEW(struct fsv_own);
	struct fsv_buf text;

	fsv_buf_init(&text, NULL, 0);
	fsv_buf_printf(&text, FSV_COMPONENTS_ROOT "/%s", r->opt.project);
	*own = (struct fsv_own){ .r = r, .folder = fsv_str_dup(fsv_buf_str(&text)), .port = r->opt.port, .wanted = true,
				 .certain = true };
	fsv_buf_printf(&text, "/%s:%u", r->address, r->opt.port);
	own->key = fsv_str_dup(fsv_buf_str(&text));
	(void)fsv_map_put(&r->own, fsv_str(own->key), own);
	set_path(own, fsv_str_dup(fsv_buf_str(&text)));
	fsv_buf_done(&text);
	step(own);
}

void fsv_own_start(struct fsv_registry *r)
{
	if (r->leaving)
		return;
	for (unsigned i = 0; i < r->opt.n_services; i++)
		if (r->opt.services[i].port != 0)
			want(r, &r->opt.services[i], false);
	want_models(r);
	want_component(r);
}

static void want_model(struct fsv_registry *r, struct fsv_str environment, const char *service)
{
	struct fsv_buf key;

	fsv_buf_init(&key, NULL, 0);
	fsv_buf_printf(&key, "%.*s/%s", FSV_STR_ARG(environment), service);
	(void)fsv_map_put(&r->wanted_models, fsv_buf_str(&key), r);
	fsv_buf_done(&key);
}

void fsv_registry_set_models(struct fsv_registry *r, const struct fsv_registry_models *models)
{
	struct fsv_err err;

	if (r->leaving || r->opt.port == 0)
		return;
	fsv_map_done(&r->wanted_models);
	fsv_map_init(&r->wanted_models);
	for (size_t i = 0; i < models->n_service_ids; i++) {
		if (fsv_registry_check_service_id(models->service_ids[i], &err) < 0) {
			fsv_log_warn("registry: %s; it is served, but not registered", err.text);
			continue;
		}
		want_model(r, models->service_ids[i], "inference");
		want_model(r, models->service_ids[i], "batchInference");
	}
	for (size_t i = 0; i < models->n_host_keys; i++)
		want_model(r, models->host_keys[i], "unaryCall");
	if (!r->address)
		return;		/* fsv_own_start does it */
	for (size_t i = r->own.n; i-- > 0;) {
		struct fsv_own *own = r->own.entries[i].value;

		if (!own->dynamic || fsv_map_get(&r->wanted_models, fsv_str(own->key + strlen(r->opt.project) + 1)))
			continue;
		own->wanted = false;
		step(own);
	}
	want_models(r);
}

int fsv_registry_check_service_id(struct fsv_str id, struct fsv_err *err)
{
	if (id.n == 0 || id.n > 1024 || fsv_str_blank(id) || fsv_str_is(id, ".") || fsv_str_is(id, ".."))
		return fsv_err_set(err, FSV_E_PARAM, "a service id must have 1 to 1024 bytes and cannot be blank");
	if (fsv_str_is(id, "online"))
		return fsv_err_set(err, FSV_E_PARAM, "service id \"online\" is the registry's name for the servers' own services; "
				   "choose another one");
	for (size_t i = 0; i < id.n; i++)
		if ((unsigned char)id.p[i] < 0x20 || id.p[i] == 0x7f || strchr("/?&:%", id.p[i]))
			return fsv_err_set(err, FSV_E_PARAM, "service id \"%.*s\" has a character that the registry cannot carry: "
					   "none of / ? & : %% and no control character may be in it", FSV_STR_ARG(fsv_str_sub(id, 0, 64)));
	return 0;
}

void fsv_registry_host_key(struct fsv_str table_name, struct fsv_str name_space, char ret_key[FSV_REGISTRY_KEY_SIZE])
{
	struct fsv_buf text;

	fsv_buf_init(&text, NULL, 0);
	fsv_buf_add(&text, table_name);
	fsv_buf_putc(&text, '&');
	fsv_buf_add(&text, name_space);
	fsv_md5_hex(fsv_buf_str(&text), ret_key);
	fsv_buf_done(&text);
}

/* updateService ------------------------------------------------------------------------------------------- */

static struct fsv_own *find_by_url(struct fsv_registry *r, struct fsv_str url)
{
	for (size_t i = 0; i < r->own.n; i++) {
		struct fsv_own *own = r->own.entries[i].value;

		if (own->url && fsv_str_is(url, own->url))
			return own;
	}
	return NULL;
}

static struct fsv_reg_setting *setting_of(struct fsv_registry *r, const struct fsv_own *own)
{
	struct fsv_str key = fsv_str(own->key + fsv_str_find(fsv_str(own->key), '/', 0) + 1);
	struct fsv_reg_setting *setting = fsv_map_get(&r->settings, key);

	if (!setting) {
		setting = FSV_NEW(struct fsv_reg_setting);
		*setting = (struct fsv_reg_setting){ .weight = -1, .mode = FSV_ROUTER_NONE };
		(void)fsv_map_put(&r->settings, key, setting);
	}
	return setting;
}

int fsv_own_update(struct fsv_registry *r, struct fsv_str text, struct fsv_str router_mode, int32_t weight,
		   struct fsv_err *err)
{
	enum fsv_router_mode mode = fsv_router_mode_find(router_mode);
	struct fsv_own *own = find_by_url(r, text);
	struct fsv_provider_url url;
	struct fsv_arena arena;
	struct fsv_buf out;
	int64_t now = -1;
	bool changed = false;

	if (weight < -1 || weight > 10000)
		return fsv_err_set(err, FSV_E_PARAM, "a weight is from 0 to 10000, or -1 for the one that is set; got %d", weight);
	if (!own || !own->wanted || !fsv_provider_parse(fsv_str(own->url), &url))
		return fsv_err_set(err, FSV_E_UNREGISTER, "no node");
	fsv_arena_init(&arena, 0);
	(void)fsv_str_to_i64(fsv_provider_param(&url, "weight"), &now);
	if (mode != FSV_ROUTER_NONE &&
	    !fsv_str_caseeq(fsv_provider_param(&url, "router_mode"), fsv_str(fsv_router_mode_name(mode)))) {
		(void)fsv_provider_set(&url, "router_mode", fsv_str(fsv_router_mode_name(mode)));
		setting_of(r, own)->mode = mode;
		changed = true;
	}
	if (weight >= 0 && weight != now) {
		(void)fsv_provider_set(&url, "weight", fsv_str(fsv_arena_printf(&arena, "%d", weight)));
		setting_of(r, own)->weight = weight;
		changed = true;
	}
	if (changed) {
		fsv_buf_init(&out, &arena, 0);
		fsv_provider_format(&url, &out);
		free(own->url);
		own->url = fsv_str_dup(fsv_buf_str(&out));
		/* The new node first; sweeping then removes the old one. */
		set_path(own, encoded_path(own->folder, own->url));
		own->present = own->swept = false;
		own->made_at = 0;
		own->moved = own->busy;
		step(own);
		fsv_files_save_settings(r);
	}
	fsv_arena_done(&arena);
	return changed;
}

/* Life ------------------------------------------------------------------------------------------------------ */

void fsv_own_on_state(struct fsv_registry *r, enum fsv_zk_state state)
{
	if (state == FSV_ZK_DOWN)
		return;
	for (size_t i = r->own.n; i-- > 0;) {
		struct fsv_own *own = r->own.entries[i].value;

		if (state == FSV_ZK_NEW) {
			own->present = own->swept = false;
			own->certain = own->wanted;	/* a node that is not wanted has gone with the session */
			own->made_at = 0;
		}
		step(own);
	}
}

void fsv_own_go(struct fsv_registry *r)
{
	r->informed = true;
	for (size_t i = r->own.n; i-- > 0;)
		step(r->own.entries[i].value);
}

void fsv_own_on_event(struct fsv_registry *r, const char *path)
{
	struct fsv_own *own = fsv_map_get(&r->own_paths, fsv_str(path));

	if (own && own->wanted && !own->busy && r->up)
		ask_owner(own);
}

void fsv_own_tick(struct fsv_registry *r)
{
	for (size_t i = r->own.n; i-- > 0;) {
		struct fsv_own *own = r->own.entries[i].value;

		if (!own->busy && r->up && own->wanted && own->present && !own->certain)
			ask_owner(own);
		else
			step(own);
	}
}

void fsv_own_done(struct fsv_registry *r)
{
	for (size_t i = 0; i < r->own.n; i++)
		own_free(r->own.entries[i].value);
	fsv_map_done(&r->own);
	fsv_map_done(&r->own_paths);
	fsv_map_done(&r->wanted_models);
	for (size_t i = 0; i < r->settings.n; i++)
		free(r->settings.entries[i].value);
	fsv_map_done(&r->settings);
}
