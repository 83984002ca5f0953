/* SPDX-License-Identifier: Apache-2.0 */
#include "zk.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include <zookeeper/zookeeper.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "base/time.h"
#include "codec/base64.h"

enum { REOPEN_FIRST_MS = 200, REOPEN_MAX_MS = 5000 };

enum item_kind { RESULT, STATE, EVENT };

/* One handle's life; what arrives late from an earlier one is told apart by it. */
struct era {
	struct fsv_zk *zk;
	unsigned number;
};

/* What a thread of the library leaves for the loop. */
struct item {
	struct item *next;
	struct fsv_zk *zk;
	enum item_kind kind;
	fsv_zk_done *done;
	void *arg;
	int rc, state;
	unsigned era;
	zhandle_t *handle;
	int64_t session;
	char *path, *data;
	size_t data_n;
	char **children;
	unsigned n_children;
	int64_t owner;
};

struct fsv_zk {
	struct fsv_loop *loop;
	struct fsv_zk_opt opt;
	char *hosts, *auth, *digest_id;
	struct ACL acl_entry;
	struct ACL_vector acl;

	pthread_mutex_t lock;	/* of what follows, up to keeper */
	pthread_cond_t changed;
	struct item *first, **last;
	unsigned ended;		/* the era whose handle is of no use any more */
	bool quit;
	pthread_t keeper;	/* opens and closes handles */
	bool has_keeper;

	/* Main thread only. */
	int wakefd;
	struct fsv_watch *watch;
	zhandle_t *handle;	/* NULL while not connected */
	unsigned era;		/* of handle */
	int64_t session;	/* that on_state was told of last */
	struct fsv_timer *patience;
};

/* From the library's threads to the loop ------------------------------------------------------------ */

static void item_free(struct item *item)
{
	for (unsigned i = 0; i < item->n_children; i++)
		free(item->children[i]);
	free(item->children);
	free(item->path);
	free(item->data);
	free(item);
}

static void post(struct item *item)
{
	struct fsv_zk *zk = item->zk;
	uint64_t one = 1;

	pthread_mutex_lock(&zk->lock);
	item->next = NULL;
	*zk->last = item;
	zk->last = &item->next;
	/* Under the lock: whoever frees zk cannot have closed the descriptor. */
	if (write(zk->wakefd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		fsv_log_err("zookeeper: the main loop cannot be woken");
	pthread_mutex_unlock(&zk->lock);
}

static void on_watch(zhandle_t *handle, int type, int state, const char *path, void *context)
{
	const struct era *era = context;
	struct item *item = FSV_NEW(struct item);

	item->zk = era->zk;
	item->era = era->number;
	item->handle = handle;
	if (type == ZOO_SESSION_EVENT) {
		item->kind = STATE;
		item->state = state;
		if (state == ZOO_CONNECTED_STATE)
			item->session = zoo_client_id(handle)->client_id;
	} else {
		item->kind = EVENT;
		item->path = fsv_str_dup(fsv_str(path));
	}
	post(item);
}

static void take_stat(struct item *item, const struct Stat *stat)
{
	if (stat)
		item->owner = stat->ephemeralOwner;
}

static void on_void(int rc, const void *data)
{
	struct item *item = (struct item *)data;

	item->rc = rc;
	post(item);
}

static void on_string(int rc, const char *value, const void *data)
{
	(void)value;
	on_void(rc, data);
}

static void on_stat(int rc, const struct Stat *stat, const void *data)
{
	if (rc == ZOK)
		take_stat((struct item *)data, stat);
	on_void(rc, data);
}

static void on_data(int rc, const char *value, int n, const struct Stat *stat, const void *data)
{
	struct item *item = (struct item *)data;

	if (rc == ZOK) {
		take_stat(item, stat);
		if (n > 0) {
			item->data = fsv_str_dup(fsv_str_n(value, (size_t)n));
			item->data_n = (size_t)n;
		}
	}
	on_void(rc, data);
}

static void on_strings(int rc, const struct String_vector *strings, const void *data)
{
	struct item *item = (struct item *)data;

	if (rc == ZOK && strings && strings->count > 0) {
		item->children = FSV_NEW_N(char *, (size_t)strings->count);
		item->n_children = (unsigned)strings->count;
		for (unsigned i = 0; i < item->n_children; i++)
			item->children[i] = fsv_str_dup(fsv_str(strings->data[i]));
	}
	on_void(rc, data);
}

/* The keeper ------------------------------------------------------------------------------------------ */

static void on_log(const char *message)
{
	fsv_log_debug("zookeeper: %s", message);
}

static zhandle_t *open_handle(struct fsv_zk *zk, struct era *era)
{
	zhandle_t *handle = zookeeper_init2(zk->hosts, on_watch, (int)zk->opt.session_ms, NULL, era, 0, on_log);

	if (!handle)
		fsv_log_limited(FSV_LOG_WARNING, NULL, "zookeeper: %s cannot be used: %s; trying again", zk->hosts,
				errno == EINVAL || errno == ENOENT ? "no such host" : strerror(errno));
	else if (zk->auth && zoo_add_auth(handle, "digest", zk->auth, (int)strlen(zk->auth), NULL, NULL) != ZOK)
		fsv_log_limited(FSV_LOG_WARNING, NULL, "zookeeper: the password cannot be sent");
	return handle;
}

/* Until the era or everything is to end, or, with ms >= 0, the time is up. False for the end of everything. */
static bool wait_for_end(struct fsv_zk *zk, unsigned era, int64_t ms)
{
	struct timespec until;
	bool quit;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * FSV_MS;
	if (until.tv_nsec >= FSV_S) {
		until.tv_sec++;
		until.tv_nsec -= FSV_S;
	}
	pthread_mutex_lock(&zk->lock);
	while (!zk->quit && zk->ended != era) {
		if (ms < 0)
			pthread_cond_wait(&zk->changed, &zk->lock);
		else if (pthread_cond_timedwait(&zk->changed, &zk->lock, &until) == ETIMEDOUT)
			break;
	}
	quit = zk->quit;
	pthread_mutex_unlock(&zk->lock);
	return !quit;
}

static void *keep(void *arg)
{
	struct fsv_zk *zk = arg;
	struct era era = { .zk = zk };
	int64_t pause = REOPEN_FIRST_MS;
	bool go_on = true;

	while (go_on) {
		zhandle_t *handle;

		era.number++;
		handle = open_handle(zk, &era);
		go_on = wait_for_end(zk, era.number, handle ? -1 : pause);
		pause = handle ? REOPEN_FIRST_MS : pause * 2 < REOPEN_MAX_MS ? pause * 2 : REOPEN_MAX_MS;
		if (handle)
			(void)zookeeper_close(handle);	/* what it could not send any more is of no use */
	}
	return NULL;
}

static void end(struct fsv_zk *zk, unsigned era, bool quit)
{
	pthread_mutex_lock(&zk->lock);
	zk->ended = era;
	zk->quit = quit;
	pthread_cond_signal(&zk->changed);
	pthread_mutex_unlock(&zk->lock);
}

/* In the loop ------------------------------------------------------------------------------------------ */

/* A server that has lost its data takes nobody who remembers more than it does: begin anew. */
static void on_patience_over(void *arg)
{
	struct fsv_zk *zk = arg;

	if (!zk->handle)
		end(zk, zk->era, false);
}

static void on_state(struct fsv_zk *zk, const struct item *item)
{
	bool was_up = zk->handle != NULL;
	bool fresh = item->session != zk->session;

	if (item->era <= zk->ended)	/* only this thread writes it */
		return;
	if (item->state == ZOO_CONNECTED_STATE) {
		fsv_timer_stop(zk->patience);
		zk->handle = item->handle;
		zk->era = item->era;
		zk->session = item->session;
		zk->opt.on_state(zk->opt.arg, fresh ? FSV_ZK_NEW : FSV_ZK_UP);
		return;
	}
	zk->handle = NULL;
	if (item->state == ZOO_EXPIRED_SESSION_STATE || item->state == ZOO_AUTH_FAILED_STATE)
		end(zk, item->era, false);
	if (!was_up)
		return;
	fsv_timer_set(zk->patience, zk->opt.session_ms * 2, 0);
	zk->opt.on_state(zk->opt.arg, FSV_ZK_DOWN);
}

static enum fsv_zk_rc translate(int rc)
{
	switch (rc) {
	case ZOK:
		return FSV_ZK_OK;
	case ZNONODE:
		return FSV_ZK_NO_NODE;
	case ZNODEEXISTS:
		return FSV_ZK_EXISTS;
	case ZNOTEMPTY:
		return FSV_ZK_NOT_EMPTY;
	case ZNOAUTH:
		return FSV_ZK_NO_AUTH;
	case ZCONNECTIONLOSS:
	case ZOPERATIONTIMEOUT:
	case ZCLOSING:
	case ZINVALIDSTATE:
	case ZSESSIONEXPIRED:
	case ZSESSIONMOVED:
		return FSV_ZK_LOST;
	default:
		return FSV_ZK_OTHER;
	}
}

static void on_result(struct fsv_zk *zk, const struct item *item)
{
	const struct fsv_zk_result result = {
		.rc = translate(item->rc), .text = zerror(item->rc),
		.children = (const char *const *)item->children, .n_children = item->n_children,
		.data = fsv_str_n(item->data, item->data_n),
		.ours = item->owner != 0 && item->owner == zk->session, .ephemeral = item->owner != 0,
	};

	if (item->done)
		item->done(item->arg, &result);
}

static struct item *take_all(struct fsv_zk *zk)
{
	struct item *all;

	pthread_mutex_lock(&zk->lock);
	all = zk->first;
	zk->first = NULL;
	zk->last = &zk->first;
	pthread_mutex_unlock(&zk->lock);
	return all;
}

static void on_wake(int fd, uint32_t events, void *arg)
{
	struct fsv_zk *zk = arg;
	struct item *item, *next;
	uint64_t n;

	(void)events;
	if (read(fd, &n, sizeof(n)) < 0)
		return;
	for (item = take_all(zk); item; item = next) {
		next = item->next;
		if (item->kind == STATE)
			on_state(zk, item);
		else if (item->kind == EVENT)
			zk->opt.on_event(zk->opt.arg, item->path);
		else
			on_result(zk, item);
		item_free(item);
	}
}

/* Asking ------------------------------------------------------------------------------------------------ */

static struct item *item_new(struct fsv_zk *zk, fsv_zk_done *done, void *arg)
{
	struct item *item = FSV_NEW(struct item);

	*item = (struct item){ .zk = zk, .kind = RESULT, .done = done, .arg = arg };
	return item;
}

/* The library calls back only what it has accepted. */
static void asked(struct item *item, int rc)
{
	if (rc == ZOK)
		return;
	item->rc = rc;
	post(item);
}

void fsv_zk_list(struct fsv_zk *zk, const char *path, bool watch, fsv_zk_done *done, void *arg)
{
	struct item *item = item_new(zk, done, arg);

	asked(item, zk->handle ? zoo_aget_children(zk->handle, path, watch, on_strings, item) : ZINVALIDSTATE);
}

void fsv_zk_exists(struct fsv_zk *zk, const char *path, bool watch, fsv_zk_done *done, void *arg)
{
	struct item *item = item_new(zk, done, arg);

	asked(item, zk->handle ? zoo_aexists(zk->handle, path, watch, on_stat, item) : ZINVALIDSTATE);
}

void fsv_zk_get(struct fsv_zk *zk, const char *path, fsv_zk_done *done, void *arg)
{
	struct item *item = item_new(zk, done, arg);

	asked(item, zk->handle ? zoo_aget(zk->handle, path, 0, on_data, item) : ZINVALIDSTATE);
}

void fsv_zk_create(struct fsv_zk *zk, const char *path, struct fsv_str data, bool ephemeral, fsv_zk_done *done,
		   void *arg)
{
	struct item *item = item_new(zk, done, arg);
	const struct ACL_vector *acl = zk->digest_id ? &zk->acl : &ZOO_OPEN_ACL_UNSAFE;

	asked(item, zk->handle ? zoo_acreate(zk->handle, path, data.n ? data.p : "", (int)data.n, acl,
					     ephemeral ? ZOO_EPHEMERAL : 0, on_string, item) : ZINVALIDSTATE);
}

void fsv_zk_delete(struct fsv_zk *zk, const char *path, fsv_zk_done *done, void *arg)
{
	struct item *item = item_new(zk, done, arg);

	asked(item, zk->handle ? zoo_adelete(zk->handle, path, -1, on_void, item) : ZINVALIDSTATE);
}

/* Life --------------------------------------------------------------------------------------------------- */

char *fsv_zk_digest_id(const char *user, const char *password)
{
	unsigned char sha[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	struct fsv_buf text, id;
	char *copy;

	fsv_buf_init(&text, NULL, 0);
	fsv_buf_init(&id, NULL, 0);
	fsv_buf_printf(&text, "%s:%s", user, password);
	FSV_BUG_ON(EVP_Digest(text.p, text.n, sha, &n, EVP_sha1(), NULL) != 1);
	fsv_buf_printf(&id, "%s:", user);
	fsv_base64_encode(&id, fsv_str_n((const char *)sha, n));
	copy = fsv_str_dup(fsv_buf_str(&id));
	fsv_buf_done(&id);
	fsv_buf_done(&text);
	return copy;
}

static void set_acl(struct fsv_zk *zk)
{
	struct fsv_buf auth;

	if (!zk->opt.user)
		return;
	fsv_buf_init(&auth, NULL, 0);
	fsv_buf_printf(&auth, "%s:%s", zk->opt.user, zk->opt.password);
	zk->auth = fsv_str_dup(fsv_buf_str(&auth));
	fsv_buf_done(&auth);
	zk->digest_id = fsv_zk_digest_id(zk->opt.user, zk->opt.password);
	zk->acl_entry = (struct ACL){ .perms = ZOO_PERM_ALL, .id = { .scheme = (char *)"digest", .id = zk->digest_id } };
	zk->acl = (struct ACL_vector){ .count = 1, .data = &zk->acl_entry };
	zk->opt.user = zk->opt.password = NULL;	/* the caller's */
}

int fsv_zk_new(struct fsv_loop *loop, const struct fsv_zk_opt *opt, struct fsv_zk **ret_zk, struct fsv_err *err)
{
	struct fsv_zk *zk = FSV_NEW(struct fsv_zk);
	pthread_condattr_t attr;
	int r;

	*zk = (struct fsv_zk){ .loop = loop, .opt = *opt, .hosts = fsv_str_dup(fsv_str(opt->hosts)), .last = NULL };
	zk->last = &zk->first;
	set_acl(zk);
	pthread_mutex_init(&zk->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&zk->changed, &attr);
	pthread_condattr_destroy(&attr);
	zoo_set_debug_level(ZOO_LOG_LEVEL_WARN);
	zk->patience = fsv_timer_new(loop, on_patience_over, zk);
	zk->wakefd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = zk->wakefd < 0 ? fsv_err_errno(err, errno, "cannot make an event descriptor") : 0;
	if (r == 0)
		r = fsv_loop_watch(loop, zk->wakefd, EPOLLIN, on_wake, zk, &zk->watch, err);
	if (r == 0)
		r = fsv_thread_start(&zk->keeper, "zookeeper", keep, zk, err);
	if (r < 0) {
		fsv_zk_free(zk);
		return r;
	}
	zk->has_keeper = true;
	*ret_zk = zk;
	return 0;
}

struct fsv_zk *fsv_zk_free(struct fsv_zk *zk)
{
	struct item *item, *next;

	if (!zk)
		return NULL;
	if (zk->has_keeper) {
		end(zk, 0, true);
		pthread_join(zk->keeper, NULL);
	}
	fsv_timer_free(zk->patience);
	fsv_watch_free(zk->watch);
	for (item = take_all(zk); item; item = next) {
		next = item->next;
		item_free(item);
	}
	fsv_close(zk->wakefd);
	pthread_cond_destroy(&zk->changed);
	pthread_mutex_destroy(&zk->lock);
	free(zk->hosts);
	if (zk->auth)
		explicit_bzero(zk->auth, strlen(zk->auth));
	free(zk->auth);
	free(zk->digest_id);
	free(zk);
	return NULL;
}
