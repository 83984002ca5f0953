/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder .fate. The reference locks <store>.lock while it writes a store; we do the same, so that one of
 * each can be moved over to the same folder without tearing it, and we wait where it gives up.
 */
#include "models-private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/time.h"
#include "codec/digest.h"
#include "java-order.h"
#include "store-write.h"

enum {
	LOCK_WAIT_MS = 5000,
	LOCK_NAP_MS = 20,
	STORE_MODE = 0640,
	TEMPORARY = 6,			/* letters that fsv_write_file puts behind a name and a dot */
	JAVA_MAP_CAPACITY = 16,
};

static const char staged_head[] = "load-";

char *fsv_models_data_path(const char *folder, struct fsv_str key, struct fsv_arena *arena)
{
	return fsv_arena_printf(arena, "%s/model_%.*s_cache", folder, FSV_STR_ARG(key));
}

char *fsv_models_staged_path(const char *folder, struct fsv_str key, int64_t timestamp, struct fsv_arena *arena)
{
	char md5[33];

	fsv_md5_hex(key, md5);
	return fsv_arena_printf(arena, "%s/%s%s-%lld", folder, staged_head, md5, (long long)timestamp);
}

/* Clearing up ------------------------------------------------------------------------------------ */

/* "bindModelStore.cache.Xa3kQ1": not yet renamed. */
static bool is_temporary(struct fsv_str name)
{
	static const char *const stores[] = { FSV_MODELS_STORE ".", FSV_BINDINGS_STORE "." };

	for (unsigned i = 0; i < 2; i++)
		if (fsv_str_starts(name, fsv_str(stores[i])) && name.n == strlen(stores[i]) + TEMPORARY)
			return true;
	return false;
}

void fsv_models_clear(const char *folder, const struct fsv_stored_model *models, size_t n)
{
	struct fsv_arena arena;
	struct fsv_map wanted;
	struct dirent *entry;
	DIR *dir = opendir(folder);

	if (!dir)
		return;		/* the caller has looked at it and said what was wrong */
	fsv_arena_init(&arena, 0);
	fsv_map_init(&wanted);
	for (size_t i = 0; i < n; i++)
		if (!models[i].fault)
			fsv_map_put(&wanted, fsv_str(fsv_models_staged_path(folder, models[i].key, models[i].timestamp,
									    &arena)), &wanted);
	while ((entry = readdir(dir))) {
		struct fsv_str name = fsv_str(entry->d_name);
		const char *path = fsv_arena_printf(&arena, "%s/%s", folder, entry->d_name);

		if (!is_temporary(name) && !fsv_str_starts(name, fsv_str(staged_head)))
			continue;
		if (fsv_map_get(&wanted, fsv_str(path)))
			continue;
		if (unlink(path) == 0)
			fsv_log_info("%s is left from a change that was not finished; removed", path);
	}
	closedir(dir);
	fsv_map_done(&wanted);
	fsv_arena_done(&arena);
}

/* Stores ----------------------------------------------------------------------------------------- */

/* The lock goes with the descriptor. */
static int lock_store(const char *path, int *ret_fd, struct fsv_err *err)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	FSV_AUTO_FD fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, STORE_MODE);
	const struct timespec nap = { .tv_nsec = LOCK_NAP_MS * 1000000L };
	int64_t until = fsv_now_ns() + LOCK_WAIT_MS * FSV_MS;

	if (fd < 0)
		return fsv_err_errno(err, errno, "cannot open %s", path);
	while (fcntl(fd, F_SETLK, &lock) < 0) {
		if (errno != EACCES && errno != EAGAIN && errno != EINTR)
			return fsv_err_errno(err, errno, "cannot lock %s", path);
		if (fsv_now_ns() > until)
			return fsv_err_set(err, FSV_E_BUSY, "another process holds %s; does another server use this "
					   "folder?", path);
		(void)nanosleep(&nap, NULL);	/* an early end costs a look at the lock */
	}
	*ret_fd = fd;
	fd = -1;
	return 0;
}

static int write_store(const char *folder, const char *name, struct fsv_str bytes, struct fsv_arena *arena,
		       struct fsv_err *err)
{
	char *path = fsv_arena_printf(arena, "%s/%s", folder, name);
	FSV_AUTO_FD lock = -1;
	int r = lock_store(fsv_arena_printf(arena, "%s.lock", path), &lock, err);

	return r < 0 ? r : fsv_write_file(path, bytes.p, bytes.n, STORE_MODE, err);
}

/* Places of the keys in the order in which the reference's map would bring them. */
static uint32_t *order_of(const struct fsv_str *keys, size_t n, struct fsv_arena *arena)
{
	uint32_t *order = FSV_ARENA_NEW_N(arena, uint32_t, n);
	unsigned capacity = JAVA_MAP_CAPACITY;

	while (n >= capacity / 4 * 3)
		capacity *= 2;
	FSV_BUG_ON(fsv_java_order(keys, n, capacity, order) != n);	/* no key stands twice in a table */
	return order;
}

static struct fsv_stored_model stored_of(const struct fsv_model *model, struct fsv_arena *arena)
{
	struct fsv_stored_model stored = {
		.key = fsv_str(model->key), .table_name = fsv_str(model->table_name),
		.name_space = fsv_str(model->name_space), .role = model->guest ? FSV_STR("guest") : FSV_STR("host"),
		.party_id = fsv_str(model->party_id), .timestamp = model->timestamp,
		.resource_address = fsv_str(model->resource_address),
		.partners = FSV_ARENA_NEW_N(arena, struct fsv_stored_partner, model->n_partners),
		.n_partners = model->n_partners,
	};

	for (unsigned i = 0; i < model->n_partners; i++)
		stored.partners[i] = (struct fsv_stored_partner){
			.party_id = fsv_str(model->partners[i].party_id),
			.table_name = fsv_str(model->partners[i].table_name),
			.name_space = fsv_str(model->partners[i].name_space),
		};
	return stored;
}

static void format_models(const struct fsv_model_table *table, struct fsv_arena *arena, struct fsv_buf *out)
{
	size_t n = table->by_name.n + table->n_lost;
	struct fsv_stored_model *stored = FSV_ARENA_NEW_N(arena, struct fsv_stored_model, n);
	struct fsv_model **models = FSV_ARENA_NEW_N(arena, struct fsv_model *, n);
	struct fsv_str *keys = FSV_ARENA_NEW_N(arena, struct fsv_str, n);
	uint32_t *order;

	for (size_t i = 0; i < n; i++) {
		models[i] = i < table->by_name.n ? table->by_name.entries[i].model : table->lost[i - table->by_name.n];
		keys[i] = fsv_str(models[i]->key);
	}
	order = order_of(keys, n, arena);
	for (size_t i = 0; i < n; i++)
		stored[i] = stored_of(models[order[i]], arena);
	fsv_store_write_models(stored, n, out);
}

static void format_bindings(const struct fsv_model_table *table, struct fsv_arena *arena, struct fsv_buf *out)
{
	size_t bound = table->by_service.n, n = bound + table->n_lost_bindings;
	struct fsv_stored_binding *stored = FSV_ARENA_NEW_N(arena, struct fsv_stored_binding, n);
	struct fsv_str *ids = FSV_ARENA_NEW_N(arena, struct fsv_str, n);
	uint32_t *order;

	for (size_t i = 0; i < n; i++)
		ids[i] = i < bound ? table->by_service.entries[i].first : table->lost_bindings[i - bound].service_id;
	order = order_of(ids, n, arena);
	for (size_t i = 0; i < n; i++) {
		size_t at = order[i];

		stored[i] = (struct fsv_stored_binding){
			.service_id = ids[at],
			.model_key = at < bound ? fsv_str(table->by_service.entries[at].model->key) :
						  table->lost_bindings[at - bound].model_key,
		};
	}
	fsv_store_write_bindings(stored, n, out);
}

int fsv_models_write(const char *folder, const struct fsv_model_table *table, unsigned which, struct fsv_err *err)
{
	struct fsv_arena arena;
	struct fsv_buf out;
	int r = 0;

	fsv_arena_init(&arena, 0);
	fsv_buf_init(&out, NULL, 0);
	if (which & FSV_WRITE_MODELS) {
		format_models(table, &arena, &out);
		r = write_store(folder, FSV_MODELS_STORE, fsv_buf_str(&out), &arena, err);
	}
	if (r == 0 && (which & FSV_WRITE_BINDINGS)) {
		fsv_buf_clear(&out);
		format_bindings(table, &arena, &out);
		r = write_store(folder, FSV_BINDINGS_STORE, fsv_buf_str(&out), &arena, err);
	}
	fsv_buf_done(&out);
	fsv_arena_done(&arena);
	return r;
}
