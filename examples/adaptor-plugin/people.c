/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A feature adaptor as a plugin: people from a file, one a line, the id first and then their features as JSON:
 *
 *	p0001 {"tenure":84,"monthly_spend":42.5}
 *
 * Options: file=PATH. The file is read once, when the plugin is opened.
 */
#include <fate-serving/adaptor.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct person {
	char *id;		/* of line */
	char *features;
	char *line;
};

struct people {
	const struct fate_server *server;
	struct person *list;	/* by id */
	size_t n;
};

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct person *)a)->id, ((const struct person *)b)->id);
}

/* Takes the line over. */
static int add(struct people *p, char *line)
{
	struct person *list = realloc(p->list, (p->n + 1) * sizeof(*list));
	char *space = strchr(line, ' ');

	if (list)
		p->list = list;
	if (!list || !space) {
		free(line);
		return -1;
	}
	*space = '\0';
	p->list[p->n++] = (struct person){ line, space + 1, line };
	return 0;
}

static int read_file(struct people *p, const char *path, char *why, size_t why_size)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	int r = 0;

	if (!f) {
		snprintf(why, why_size, "cannot open %s", path);
		return -1;
	}
	while (r == 0 && (n = getline(&line, &cap, f)) > 0) {
		line[strcspn(line, "\r\n")] = '\0';
		r = add(p, line);
		line = NULL;
		cap = 0;
	}
	free(line);
	fclose(f);
	if (r < 0)
		snprintf(why, why_size, "%s: line %zu is not an id and its features", path, p->n + 1);
	if (p->n > 0)
		qsort(p->list, p->n, sizeof(*p->list), by_id);
	return r;
}

static void close_people(void *state)
{
	struct people *p = state;

	for (size_t i = 0; i < p->n; i++)
		free(p->list[i].line);
	free(p->list);
	free(p);
}

static int open_people(const struct fate_server *server, const struct fate_option *options, size_t n_options,
		       void **ret_state, char *why, size_t why_size)
{
	struct people *p = calloc(1, sizeof(*p));
	const char *path = NULL;

	if (!p)
		return -1;
	p->server = server;
	for (size_t i = 0; i < n_options; i++)
		if (strcmp(options[i].key, "file") == 0)
			path = options[i].value;
	if (!path)
		snprintf(why, why_size, "feature.plugin.options lacks file=PATH");
	if (!path || read_file(p, path, why, why_size) < 0) {
		close_people(p);
		return -1;
	}
	*ret_state = p;
	return 0;
}

/* The text behind "id": or "device_id": in {"id":"p0001"}. A real plugin would use a JSON library. */
static struct fate_answer look_up(const struct people *p, const struct fate_text *keys)
{
	const struct person *found;
	struct person key;
	char id[64];
	const char *at = strstr(keys->text, "id\":\"");
	size_t n;

	if (!at)
		return (struct fate_answer){ .code = FATE_REFUSED };
	at += strlen("id\":\"");
	n = strcspn(at, "\"");
	if (n >= sizeof(id))
		return (struct fate_answer){ .code = FATE_NOT_FOUND };
	memcpy(id, at, n);
	id[n] = '\0';
	key.id = id;
	found = p->n > 0 ? bsearch(&key, p->list, p->n, sizeof(*p->list), by_id) : NULL;
	if (!found)
		return (struct fate_answer){ .code = FATE_NOT_FOUND };
	return (struct fate_answer){ .code = FATE_FOUND, .features = { found->features, strlen(found->features) } };
}

static void find(void *state, const struct fate_request *request)
{
	const struct people *p = state;
	struct fate_answer a = look_up(p, &request->keys);

	p->server->answer(p->server->self, request->ticket, a.code, a.features.text, a.features.n);
}

static void find_batch(void *state, const struct fate_batch_request *request)
{
	const struct people *p = state;
	struct fate_answer *answers = calloc(request->n, sizeof(*answers));

	for (size_t i = 0; answers && i < request->n; i++)
		answers[i] = look_up(p, &request->keys[i]);
	p->server->answer_batch(p->server->self, request->ticket, answers ? FATE_FOUND : FATE_FAULT, answers,
				answers ? request->n : 0);
	free(answers);
}

const struct fate_adaptor *fate_serving_adaptor(void)
{
	static const struct fate_adaptor adaptor = {
		.size = sizeof(adaptor), .abi = FATE_ADAPTOR_ABI, .name = "people", .version = "1.0",
		.open = open_people, .find = find, .find_batch = find_batch, .close = close_people,
	};

	return &adaptor;
}
