/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects of a reply lie in the arena of its connection while it is read, and are copied when it is whole: whoever
 * waits for it may give up in the middle. A server that is no Redis may announce any number of elements, so they are
 * counted before there is room made for them.
 */
#include "redis-private.h"

#include <string.h>

#include "base/mem.h"

static void *place(const redisReadTask *task, struct fsv_redis_reply *r)
{
	if (task->parent) {
		struct fsv_redis_reply *array = task->parent->obj;

		array->elems[task->idx] = r;
	}
	return r;
}

static struct fsv_redis_reply *new_reply(const redisReadTask *task, enum fsv_redis_type type)
{
	struct fsv_redis_conn *conn = task->privdata;
	struct fsv_redis_reply *r;

	if (conn->budget == 0)
		return NULL;
	conn->budget--;
	r = FSV_ARENA_NEW(&conn->arena, struct fsv_redis_reply);
	r->type = type;
	return r;
}

static void *create_string(const redisReadTask *task, char *text, size_t n)
{
	struct fsv_redis_conn *conn = task->privdata;
	struct fsv_redis_reply *r = new_reply(task, task->type == REDIS_REPLY_ERROR ? FSV_REDIS_ERROR : FSV_REDIS_TEXT);

	if (!r)
		return NULL;
	r->text = fsv_arena_str(&conn->arena, fsv_str_n(text, n));
	return place(task, r);
}

static void *create_array(const redisReadTask *task, int n)
{
	struct fsv_redis_conn *conn = task->privdata;
	struct fsv_redis_reply *r = new_reply(task, FSV_REDIS_ARRAY);

	if (!r || n < 0 || (size_t)n > conn->budget)
		return NULL;
	r->n = (size_t)n;
	r->elems = FSV_ARENA_NEW_N(&conn->arena, struct fsv_redis_reply *, r->n);
	return place(task, r);
}

static void *create_integer(const redisReadTask *task, long long v)
{
	struct fsv_redis_reply *r = new_reply(task, FSV_REDIS_INT);

	if (!r)
		return NULL;
	r->integer = v;
	return place(task, r);
}

static void *create_nil(const redisReadTask *task)
{
	struct fsv_redis_reply *r = new_reply(task, FSV_REDIS_NIL);

	return r ? place(task, r) : NULL;
}

static void free_object(void *object)
{
	(void)object;	/* the arena's */
}

redisReader *fsv_redis_reader_new(struct fsv_redis_conn *conn)
{
	static redisReplyObjectFunctions functions = {
		create_string, create_array, create_integer, create_nil, free_object,
	};
	redisReader *reader = redisReaderCreateWithFunctions(&functions);

	FSV_BUG_ON(!reader);	/* out of memory, as fsv_malloc has it */
	reader->privdata = conn;
	return reader;
}

struct fsv_redis_reply *fsv_redis_reply_copy(const struct fsv_redis_reply *reply, struct fsv_arena *arena)
{
	struct fsv_redis_reply *copy = FSV_ARENA_NEW(arena, struct fsv_redis_reply);

	*copy = *reply;
	copy->text = fsv_arena_str(arena, reply->text);
	copy->elems = FSV_ARENA_NEW_N(arena, struct fsv_redis_reply *, reply->n);
	/* hiredis' reader nests nine deep at most. */
	for (size_t i = 0; i < reply->n; i++)
		copy->elems[i] = fsv_redis_reply_copy(reply->elems[i], arena);
	return copy;
}

struct fsv_str fsv_redis_format(const struct fsv_str *args, unsigned n, struct fsv_arena *arena)
{
	struct fsv_buf out;

	fsv_buf_init(&out, arena, 0);
	fsv_buf_printf(&out, "*%u\r\n", n);
	for (unsigned i = 0; i < n; i++) {
		fsv_buf_printf(&out, "$%zu\r\n", args[i].n);
		fsv_buf_add(&out, args[i]);
		fsv_buf_add(&out, FSV_STR("\r\n"));
	}
	return fsv_buf_str(&out);
}
