/* SPDX-License-Identifier: Apache-2.0 */
/* fate-servingctl registry tree, registry services. */
#include "ctl.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../proxy/proxy-conf.h"
#include "../serving-server/serving-server-conf.h"
#include "base/fd.h"
#include "codec/json.h"
#include "codec/url.h"
#include "registry-walk.h"
#include "registry/provider.h"

enum { PASSWORD_MAX = 4096, TIMEOUT_MS = 10000, COLUMNS_MAX = 8 };

struct options {
	const char *zk, *config, *user, *password_file, *project;
	bool json;
};

/* Where and as whom ------------------------------------------------------------------------------------------ */

static int load_conf(const struct options *o, struct fsv_conf **ret_conf, unsigned *ret_base, struct fsv_err *err)
{
	static const struct {
		const struct fsv_conf_schema *schema;
		unsigned base;
	} daemons[] = { { &fsv_server_schema, FSV_SK_REGISTRY }, { &fsv_proxy_schema, FSV_PK_REGISTRY } };
	int r = -ENOENT;

	/* Of two daemons on one machine either knows; a file of the other's is told by its unknown keys. */
	for (unsigned i = 0; i < 2 && r < 0; i++) {
		r = fsv_conf_load(daemons[i].schema, o->config ? o->config : daemons[i].schema->file, ret_conf, err);
		if (r == 0 && !fsv_conf_str(*ret_conf, daemons[i].base + FSV_RK_URL)) {
			r = fsv_err_set(err, FSV_E_CONFIG, "%s has no zk.url, so there is no registry to read; --zk HOST:PORT names one",
					o->config ? o->config : daemons[i].schema->file);
			*ret_conf = fsv_conf_unref(*ret_conf);
		}
		*ret_base = daemons[i].base;
	}
	if (r == -ENOENT && !o->config)
		return fsv_err_set(err, -ENOENT, "there is no configuration in its usual place; name the registry with --zk HOST:PORT "
				   "or a daemon's file with --config FILE");
	return r;
}

static int read_tree(const struct options *o, struct fsv_arena *arena, struct fsv_tree *tree, struct fsv_err *err)
{
	struct fsv_tree_opt opt = { .hosts = o->zk, .user = o->user, .timeout_ms = TIMEOUT_MS };
	struct fsv_registry_opt of_conf = { .hosts = NULL };
	struct fsv_conf *conf = NULL;
	char *password = NULL;
	unsigned base;
	size_t n;
	int r = 0;

	if (!o->zk || o->config) {
		r = load_conf(o, &conf, &base, err);
		if (r == 0)
			r = fsv_registry_keys_read(conf, base, &of_conf, &password, err);
		opt.hosts = o->zk ? o->zk : of_conf.hosts;
		opt.user = o->user ? o->user : of_conf.user;
	}
	if (r == 0 && o->password_file) {
		free(password);
		password = NULL;
		r = fsv_read_file(o->password_file, PASSWORD_MAX, &password, &n, err);
		if (r == 0) {
			struct fsv_str trimmed = fsv_str_trim(fsv_str_n(password, n));

			memmove(password, trimmed.p ? trimmed.p : "", trimmed.n);
			password[trimmed.n] = '\0';
		}
	}
	opt.password = password;
	if (r == 0)
		r = fsv_registry_check_hosts(opt.hosts, err);
	if (r == 0)
		r = fsv_tree_read(&opt, arena, tree, err);
	if (password)
		explicit_bzero(password, strlen(password));
	free(password);
	(void)fsv_conf_unref(conf);
	return r;
}

/* Parts of a path --------------------------------------------------------------------------------------------- */

static unsigned split(struct fsv_str path, struct fsv_str *parts, unsigned max)
{
	unsigned n = 0;

	for (size_t from = 1; from <= path.n && n < max;) {
		size_t to = fsv_str_find(path, '/', from);

		parts[n++] = fsv_str_sub(path, from, to);
		from = to + 1;
	}
	return n;
}

static struct fsv_str decoded(struct fsv_str name, struct fsv_arena *arena)
{
	struct fsv_str text;

	return fsv_url_decode(name, true, arena, &text) ? text : name;
}

/* What came from others goes to a terminal. */
static void add_shown(struct fsv_buf *out, struct fsv_str text)
{
	for (size_t i = 0; i < text.n; i++)
		fsv_buf_putc(out, (unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7f ? '?' : text.p[i]);
}

/* Coded are the services and what stands in providers, by FATE-Flow components too; environments are not. */
static struct fsv_str shown_name(const struct fsv_str *parts, unsigned n, struct fsv_arena *arena)
{
	bool coded = fsv_str_is(parts[0], "FATE-SERVICES") ? n >= 4 : n == 3;

	return coded ? decoded(parts[n - 1], arena) : parts[n - 1];
}

static bool wanted(const struct options *o, const struct fsv_str *parts, unsigned n)
{
	return !o->project || n < 2 || fsv_str_is(parts[1], o->project);
}

/* tree ---------------------------------------------------------------------------------------------------------- */

static void tree_text(const struct options *o, const struct fsv_tree *tree, struct fsv_arena *arena, struct fsv_buf *out)
{
	struct fsv_str parts[COLUMNS_MAX];

	for (size_t i = 0; i < tree->n; i++) {
		unsigned n = split(tree->nodes[i].path, parts, COLUMNS_MAX);

		if (!wanted(o, parts, n))
			continue;
		fsv_buf_printf(out, "%*s", (int)(n - 1) * 2, "");
		add_shown(out, shown_name(parts, n, arena));
		if (fsv_str_is(parts[0], "FATE-COMPONENTS") && n == 3) {
			fsv_buf_puts(out, "  ");
			add_shown(out, tree->nodes[i].data);
		}
		fsv_buf_putc(out, '\n');
	}
}

static void tree_json(const struct options *o, const struct fsv_tree *tree, struct fsv_arena *arena, struct fsv_buf *out)
{
	struct fsv_str parts[COLUMNS_MAX];
	struct fsv_jsonw w;

	fsv_jsonw_init(&w, out);
	fsv_jsonw_begin(&w, '[');
	for (size_t i = 0; i < tree->n; i++) {
		const struct fsv_tree_node *node = &tree->nodes[i];
		unsigned n = split(node->path, parts, COLUMNS_MAX);

		if (!wanted(o, parts, n))
			continue;
		fsv_jsonw_begin(&w, '{');
		fsv_jsonw_kv_str(&w, "path", node->path);
		fsv_jsonw_kv_str(&w, "name", shown_name(parts, n, arena));
		fsv_jsonw_kv_str(&w, "data", fsv_str_sub(node->data, 0, fsv_str_utf8(node->data)));
		fsv_jsonw_key(&w, FSV_STR("ephemeral"));
		fsv_jsonw_bool(&w, node->ephemeral);
		fsv_jsonw_end(&w, '}');
	}
	fsv_jsonw_end(&w, ']');
	fsv_buf_putc(out, '\n');
}

/* services -------------------------------------------------------------------------------------------------------- */

static const char *time_text(struct fsv_str ms, struct fsv_arena *arena)
{
	char text[32];
	struct tm tm;
	int64_t n;
	time_t t;

	if (!fsv_str_to_i64(ms, &n) || n <= 0)
		return "-";
	t = (time_t)(n / 1000);
	if (!localtime_r(&t, &tm) || strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm) == 0)
		return "-";
	return fsv_arena_cstr(arena, fsv_str(text));
}

struct table {
	struct fsv_arena *arena;
	unsigned columns;
	struct fsv_str (*rows)[COLUMNS_MAX];
	size_t n, cap;
};

static void add_row(struct table *t, const struct fsv_str *cells)
{
	FSV_ARENA_MORE(t->arena, t->rows, t->n, t->cap, 64);
	for (unsigned i = 0; i < t->columns; i++)
		t->rows[t->n][i] = cells[i].n > 0 ? cells[i] : FSV_STR("-");
	t->n++;
}

static size_t width(struct fsv_str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

static void print_table(const struct table *t, struct fsv_buf *out)
{
	size_t widths[COLUMNS_MAX] = { 0 };

	for (size_t i = 0; i < t->n; i++)
		for (unsigned k = 0; k < t->columns; k++)
			if (width(t->rows[i][k]) > widths[k])
				widths[k] = width(t->rows[i][k]);
	for (size_t i = 0; i < t->n; i++) {
		for (unsigned k = 0; k < t->columns; k++) {
			add_shown(out, t->rows[i][k]);
			if (k + 1 < t->columns)
				fsv_buf_printf(out, "%*s", (int)(widths[k] - width(t->rows[i][k])) + 2, "");
		}
		fsv_buf_putc(out, '\n');
	}
}

static struct fsv_str address(const struct fsv_provider_url *url, struct fsv_arena *arena)
{
	return fsv_str(fsv_arena_printf(arena, "%.*s:%u", FSV_STR_ARG(url->host), url->port));
}

static bool is_provider(const struct fsv_str *parts, unsigned n)
{
	return n == 6 && fsv_str_is(parts[0], "FATE-SERVICES") && fsv_str_is(parts[4], "providers");
}

static struct fsv_str or_default(struct fsv_str value, const char *otherwise)
{
	return value.n > 0 ? value : fsv_str(otherwise);
}

static void services_text(const struct options *o, const struct fsv_tree *tree, struct fsv_arena *arena, struct fsv_buf *out)
{
	static const struct fsv_str head[] = { FSV_STR("PROJECT"), FSV_STR("ENVIRONMENT"), FSV_STR("SERVICE"), FSV_STR("ADDRESS"),
					       FSV_STR("WEIGHT"), FSV_STR("ROUTER MODE"), FSV_STR("VERSION"), FSV_STR("SINCE") };
	static const struct fsv_str head2[] = { FSV_STR("COMPONENT"), FSV_STR("ADDRESS"), FSV_STR("VERSION"), FSV_STR("SINCE") };
	struct table services = { .arena = arena, .columns = 8 }, components = { .arena = arena, .columns = 4 };
	struct fsv_str parts[COLUMNS_MAX];

	add_row(&services, head);
	add_row(&components, head2);
	for (size_t i = 0; i < tree->n; i++) {
		unsigned n = split(tree->nodes[i].path, parts, COLUMNS_MAX);
		struct fsv_provider_url url;
		struct fsv_str text;

		if (!wanted(o, parts, n))
			continue;
		if (is_provider(parts, n)) {
			text = decoded(parts[5], arena);
			/* FATE-Flow's models are no providers; their URLs say all there is. */
			if (!fsv_provider_parse(text, &url) || url.port == 0 || !fsv_provider_matches(&url, decoded(parts[3], arena)))
				add_row(&services, (struct fsv_str[]){ parts[1], parts[2], decoded(parts[3], arena), text, FSV_STR_NULL,
						   FSV_STR_NULL, FSV_STR_NULL, FSV_STR_NULL });
			else
				add_row(&services, (struct fsv_str[]){ parts[1], parts[2], url.service, address(&url, arena),
						   or_default(fsv_provider_param(&url, "weight"), "100"),
						   fsv_provider_param(&url, "router_mode"), fsv_provider_param(&url, "version"),
						   fsv_str(time_text(fsv_provider_param(&url, "timestamp"), arena)) });
		} else if (n == 3 && fsv_str_is(parts[0], "FATE-COMPONENTS")) {
			struct fsv_json_node *data = NULL, *version, *since;
			struct fsv_err err;

			if (fsv_json_parse(tree->nodes[i].data, arena, false, &data, &err) < 0)
				data = NULL;
			version = fsv_json_get(data, "version");
			since = fsv_json_get(data, "timestamp");
			add_row(&components, (struct fsv_str[]){ parts[1], decoded(parts[2], arena),
					     version ? version->text : FSV_STR_NULL,
					     fsv_str(time_text(since ? since->text : FSV_STR_NULL, arena)) });
		}
	}
	print_table(&components, out);
	fsv_buf_putc(out, '\n');
	print_table(&services, out);
}

static void service_json(struct fsv_jsonw *w, const struct fsv_str *parts, struct fsv_arena *arena)
{
	struct fsv_str text = decoded(parts[5], arena);
	struct fsv_provider_url url;

	fsv_jsonw_begin(w, '{');
	fsv_jsonw_kv_str(w, "project", parts[1]);
	fsv_jsonw_kv_str(w, "environment", parts[2]);
	fsv_jsonw_kv_str(w, "service", decoded(parts[3], arena));
	fsv_jsonw_kv_str(w, "url", text);
	if (fsv_provider_parse(text, &url) && url.port > 0) {
		fsv_jsonw_kv_str(w, "host", url.host);
		fsv_jsonw_kv_int(w, "port", url.port);
		for (unsigned i = 0; i < url.n_params; i++) {
			fsv_jsonw_key(w, url.params[i].key);
			fsv_jsonw_str(w, url.params[i].value);
		}
	}
	fsv_jsonw_end(w, '}');
}

static void services_json(const struct options *o, const struct fsv_tree *tree, struct fsv_arena *arena, struct fsv_buf *out)
{
	struct fsv_str parts[COLUMNS_MAX];
	struct fsv_jsonw w;

	fsv_jsonw_init(&w, out);
	fsv_jsonw_begin(&w, '{');
	for (int pass = 0; pass < 2; pass++) {
		fsv_jsonw_key(&w, pass == 0 ? FSV_STR("components") : FSV_STR("services"));
		fsv_jsonw_begin(&w, '[');
		for (size_t i = 0; i < tree->n; i++) {
			unsigned n = split(tree->nodes[i].path, parts, COLUMNS_MAX);

			if (!wanted(o, parts, n))
				continue;
			if (pass == 1 && is_provider(parts, n)) {
				service_json(&w, parts, arena);
			} else if (pass == 0 && n == 3 && fsv_str_is(parts[0], "FATE-COMPONENTS")) {
				fsv_jsonw_begin(&w, '{');
				fsv_jsonw_kv_str(&w, "component", parts[1]);
				fsv_jsonw_kv_str(&w, "address", decoded(parts[2], arena));
				fsv_jsonw_kv_str(&w, "data", fsv_str_sub(tree->nodes[i].data, 0, fsv_str_utf8(tree->nodes[i].data)));
				fsv_jsonw_end(&w, '}');
			}
		}
		fsv_jsonw_end(&w, ']');
	}
	fsv_jsonw_end(&w, '}');
	fsv_buf_putc(out, '\n');
}

/* Commands --------------------------------------------------------------------------------------------------------- */

static int parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "zk", required_argument, NULL, 'z' },		 { "config", required_argument, NULL, 'c' },
		{ "user", required_argument, NULL, 'u' },	 { "password-file", required_argument, NULL, 'w' },
		{ "project", required_argument, NULL, 'p' },	 { "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	optind = 0;
	while ((c = getopt_long(argc, argv, "z:c:u:w:p:j", longs, NULL)) != -1) {
		switch (c) {
		case 'z': o->zk = optarg; break;
		case 'c': o->config = optarg; break;
		case 'u': o->user = optarg; break;
		case 'w': o->password_file = optarg; break;
		case 'p': o->project = optarg; break;
		case 'j': o->json = true; break;
		default: return FSV_CTL_USAGE;
		}
	}
	if (optind < argc)
		return fsv_ctl_usage("registry takes options only, not %s", argv[optind]);
	if ((o->user != NULL) != (o->password_file != NULL))
		return fsv_ctl_usage("--user and --password-file go together");
	return FSV_CTL_OK;
}

static int show(int argc, char **argv, void (*text)(const struct options *o, const struct fsv_tree *tree,
						     struct fsv_arena *arena, struct fsv_buf *out),
		void (*json)(const struct options *o, const struct fsv_tree *tree, struct fsv_arena *arena, struct fsv_buf *out))
{
	struct options o = { .zk = NULL };
	struct fsv_err err = FSV_ERR_INIT;
	struct fsv_arena arena;
	struct fsv_tree tree;
	struct fsv_buf out;
	int status = parse(argc, argv, &o);

	if (status != FSV_CTL_OK)
		return status;
	fsv_arena_init(&arena, 0);
	if (read_tree(&o, &arena, &tree, &err) < 0) {
		status = fsv_ctl_fail(&err);
	} else {
		fsv_buf_init(&out, &arena, 0);
		(o.json ? json : text)(&o, &tree, &arena, &out);
		if (tree.n == 0 && !o.json)
			fsv_ctl_note("nothing is registered there");
		status = fsv_ctl_print(fsv_buf_str(&out));
	}
	fsv_arena_done(&arena);
	return status;
}

int fsv_ctl_registry_tree(int argc, char **argv)
{
	return show(argc, argv, tree_text, tree_json);
}

int fsv_ctl_registry_services(int argc, char **argv)
{
	return show(argc, argv, services_text, services_json);
}
