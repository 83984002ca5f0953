/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feature adaptors as plugins of fate-serving-server: a shared object that finds the features of a person, or of
 * many at once, wherever they are kept.
 *
 * A plugin exports one function, fate_serving_adaptor, which returns a static description. The server then calls:
 *
 *	open        for each adaptor that the configuration makes of it (one for single look-ups, one for batches), and
 *	            again when the configuration is reloaded, before the close of the one before: keep what belongs to
 *	            one in its state
 *	find        for each person; runs on a thread of the server's that may block, several at the same time
 *	find_batch  for many people; may be NULL, then find is called for each of them
 *	close       after the last find has returned; nothing of the server may be called after it has returned
 *
 * find gets a request with a ticket and answers it through fate_server.answer, before it returns or later, from any
 * thread. A request that has not been answered by its deadline fails without the plugin; an answer that comes later,
 * twice or under a ticket that does not exist is dropped and does no harm.
 *
 * Texts are UTF-8. Features and keys are JSON objects: {"age":31,"income":2.5E4}. Neither belongs into a log.
 *
 * The interface grows at the end of its structures only; size tells how much of one the other side knows. A server
 * loads plugins whose abi is its own.
 */
#ifndef FATE_SERVING_ADAPTOR_H
#define FATE_SERVING_ADAPTOR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FATE_ADAPTOR_ABI	1

/* Codes of an answer, as the partner gets them. Other codes of the reference from 100 to 199 pass too, anything else
 * counts as FATE_FAULT. */
enum {
	FATE_FOUND = 0,
	FATE_FAULT = 110,		/* the source failed */
	FATE_NOT_FOUND = 113,		/* nobody of that name */
	FATE_REFUSED = 116,		/* the keys are not what the adaptor needs, or the source refused */
};

/* feature.plugin.options: in the order in which they stand. */
struct fate_option {
	const char *key, *value;
};

struct fate_text {
	const char *text;		/* NUL-terminated too */
	size_t n;
};

/* One person. Valid until find returns, the ticket until the deadline. */
struct fate_request {
	size_t size;
	uint64_t ticket;
	int64_t deadline_ns;		/* CLOCK_MONOTONIC */
	const char *case_id;		/* for logs */
	struct fate_text keys;		/* what the guest sent to look the person up by */
};

/* Many. Valid until find_batch returns. */
struct fate_batch_request {
	size_t size;
	uint64_t ticket;
	int64_t deadline_ns;
	const char *case_id;
	const struct fate_text *keys;	/* one for each person */
	size_t n;
};

struct fate_answer {
	int code;
	struct fate_text features;	/* with FATE_FOUND */
};

/* What the server offers, from any thread, from open until close has returned. What it is given is copied. */
struct fate_server {
	size_t size;
	unsigned abi;
	void *self;			/* the first argument of all functions */
	void (*answer)(void *self, uint64_t ticket, int code, const char *features, size_t n);
	/* One answer for each person in the order of the request; or code other than FATE_FOUND for all, and none. */
	void (*answer_batch)(void *self, uint64_t ticket, int code, const struct fate_answer *answers, size_t n);
	/* level: 3 error, 4 warning, 6 information, 7 debug, as syslog has it. case_id may be NULL. */
	void (*log)(void *self, int level, const char *case_id, const char *text);
};

struct fate_adaptor {
	size_t size;
	unsigned abi;			/* FATE_ADAPTOR_ABI */
	const char *name, *version;	/* for the log */
	/* 0, with *ret_state for the other functions; or anything else, with the reason in why. */
	int (*open)(const struct fate_server *server, const struct fate_option *options, size_t n_options,
		    void **ret_state, char *why, size_t why_size);
	void (*find)(void *state, const struct fate_request *request);		/* may be NULL when find_batch is not */
	void (*find_batch)(void *state, const struct fate_batch_request *request);
	void (*close)(void *state);
};

/* The one symbol that a plugin exports. */
__attribute__((visibility("default"))) const struct fate_adaptor *fate_serving_adaptor(void);

#ifdef __cplusplus
}
#endif

#endif
