/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plugin that misbehaves as the key "do" of a look-up says: {"do":"never"}. Without it x is found for everybody.
 * Option batch=no hides find_batch, fail=TEXT refuses to open.
 */
#include <fate-serving/adaptor.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FEATURES "{\"tenure\":10}"

struct late {
	const struct fate_server *server;
	uint64_t ticket;
	unsigned ms;
};

static int does(const struct fate_text *keys, const char *what)
{
	char text[64];

	snprintf(text, sizeof(text), "\"do\":\"%s\"", what);
	return strstr(keys->text, text) != NULL;
}

static void say(const struct fate_server *server, uint64_t ticket, int code, const char *features)
{
	server->answer(server->self, ticket, code, features, features ? strlen(features) : 0);
}

static void *answer_late(void *arg)
{
	struct late *l = arg;

	usleep(l->ms * 1000);
	say(l->server, l->ticket, FATE_FOUND, FEATURES);
	free(l);
	return NULL;
}

static void from_thread(const struct fate_server *server, uint64_t ticket, unsigned ms)
{
	struct late *l = malloc(sizeof(*l));
	pthread_t thread;

	*l = (struct late){ server, ticket, ms };
	if (pthread_create(&thread, NULL, answer_late, l) == 0)
		pthread_detach(thread);
}

static void find(void *state, const struct fate_request *r)
{
	const struct fate_server *server = state;
	static char huge[2 << 20];

	if (does(&r->keys, "never")) {
		return;
	} else if (does(&r->keys, "hush")) {
		server->log(server->self, 4, r->case_id, "asked, and says nothing");
	} else if (does(&r->keys, "thread")) {
		from_thread(server, r->ticket, 1);
	} else if (does(&r->keys, "late")) {
		from_thread(server, r->ticket, 1500);
	} else if (does(&r->keys, "block")) {
		usleep(1500 * 1000);
		say(server, r->ticket, FATE_FOUND, FEATURES);
	} else if (does(&r->keys, "twice")) {
		say(server, r->ticket, FATE_FOUND, FEATURES);
		say(server, r->ticket, FATE_FOUND, "{\"tenure\":11}");
		say(server, r->ticket + 12345, FATE_FOUND, FEATURES);
	} else if (does(&r->keys, "huge")) {
		memset(huge, 'x', sizeof(huge) - 1);
		say(server, r->ticket, FATE_FOUND, huge);
	} else if (does(&r->keys, "code")) {
		say(server, r->ticket, 104, NULL);
	} else if (does(&r->keys, "strange")) {
		say(server, r->ticket, -77, NULL);
	} else if (does(&r->keys, "list")) {
		say(server, r->ticket, FATE_FOUND, "[1,2]");
	} else if (does(&r->keys, "half")) {
		say(server, r->ticket, FATE_FOUND, "{\"tenure\":");
	} else if (does(&r->keys, "nothing")) {
		say(server, r->ticket, FATE_FOUND, NULL);
	} else if (does(&r->keys, "short")) {
		server->answer_batch(server->self, r->ticket, FATE_FOUND, NULL, 0);
	} else if (does(&r->keys, "log")) {
		server->log(server->self, 6, r->case_id, "a line of the plugin");
		say(server, r->ticket, FATE_NOT_FOUND, NULL);
	} else {
		say(server, r->ticket, FATE_FOUND, FEATURES);
	}
}

static int open_odd(const struct fate_server *s, const struct fate_option *options, size_t n, void **ret_state, char *why,
		    size_t why_size)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(options[i].key, "fail") == 0) {
			snprintf(why, why_size, "%s", options[i].value);
			return 1;
		}
	}
	*ret_state = (void *)(uintptr_t)s;
	s->answer(s->self, 1, FATE_FOUND, FEATURES, strlen(FEATURES));	/* nobody asked */
	return 0;
}

static void close_odd(void *state)
{
	(void)state;
}

const struct fate_adaptor *fate_serving_adaptor(void)
{
	static struct fate_adaptor adaptor = {
		.size = sizeof(adaptor), .abi = FATE_ADAPTOR_ABI, .name = "odd", .version = "1.0",
		.open = open_odd, .find = find, .close = close_odd,
	};

#ifdef OTHER_ABI
	adaptor.abi = 99;
#endif
	return &adaptor;
}
