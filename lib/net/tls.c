/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates in use and the files they came from. A file's stamp tells whether it has to be read
 * again; what was read is used only when all three files fit together, so a renewal that writes one file
 * after the other is taken up when its last file is in place.
 */
#include "tls.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "tls-check.h"
#include "tls-private.h"

enum { FILE_MAX = 1 << 20, N_FILES = 3 };

struct stamp {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec written, changed;
};

struct fsv_tls {
	_Atomic unsigned refs;
	char *paths[N_FILES];		/* CA, certificate chain, key */
	_Atomic unsigned generation;
	_Atomic int64_t next_look;	/* monotonic ns */

	pthread_mutex_t lock;		/* innermost; guards all below */
	struct stamp stamps[N_FILES];	/* of what was read last, good or bad */
	char *pems[N_FILES];		/* in use */
	int64_t not_after;
};

/* Zero when there is no such file: that differs from any real stamp. */
static struct stamp stamp_of(const char *path)
{
	struct stamp stamp;
	struct stat st;

	memset(&stamp, 0, sizeof(stamp));
	if (stat(path, &st) < 0)
		return stamp;
	stamp.device = st.st_dev;
	stamp.inode = st.st_ino;
	stamp.size = st.st_size;
	stamp.written = st.st_mtim;
	stamp.changed = st.st_ctim;
	return stamp;
}

static bool same_stamp(const struct stamp *a, const struct stamp *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->written.tv_sec == b->written.tv_sec && a->written.tv_nsec == b->written.tv_nsec &&
	       a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

static void free_pems(char *pems[N_FILES])
{
	/* The key's pages may be swapped or dumped later. */
	if (pems[2])
		explicit_bzero(pems[2], strlen(pems[2]));
	for (unsigned i = 0; i < N_FILES; i++) {
		free(pems[i]);
		pems[i] = NULL;
	}
}

/* Reads and checks the files; what they hold replaces the old only when all is well. */
static int load(struct fsv_tls *tls, struct fsv_err *err)
{
	char *pems[N_FILES] = { NULL, NULL, NULL };
	struct fsv_tls_files files;
	int64_t not_after;
	int r = 0;

	for (unsigned i = 0; i < N_FILES && r == 0; i++) {
		size_t n;

		r = fsv_read_file(tls->paths[i], FILE_MAX, &pems[i], &n, err);
	}
	if (r < 0) {
		free_pems(pems);
		if (err)
			err->code = FSV_E_TLS;	/* the text names the file and the system's reason */
		return FSV_E_TLS;
	}
	files = (struct fsv_tls_files){ .ca_path = tls->paths[0], .cert_path = tls->paths[1],
					.key_path = tls->paths[2], .ca = pems[0], .cert = pems[1], .key = pems[2] };
	r = fsv_tls_check(&files, &not_after, err);
	if (r < 0) {
		free_pems(pems);
		return r;
	}
	free_pems(tls->pems);
	memcpy(tls->pems, pems, sizeof(pems));
	tls->not_after = not_after;
	atomic_fetch_add_explicit(&tls->generation, 1, memory_order_release);
	return 0;
}

int fsv_tls_new(const struct fsv_tls_opt *opt, struct fsv_tls **ret_tls, struct fsv_err *err)
{
	const char *paths[N_FILES] = { opt->ca_file, opt->cert_file, opt->key_file };
	static const char *const what[N_FILES] = { "CA file", "certificate file", "key file" };
	struct fsv_tls *tls;
	int r;

	for (unsigned i = 0; i < N_FILES; i++)
		if (!paths[i] || !*paths[i])
			return fsv_err_set(err, FSV_E_TLS, "TLS needs a %s", what[i]);
	tls = FSV_NEW(struct fsv_tls);
	atomic_init(&tls->refs, 1);
	pthread_mutex_init(&tls->lock, NULL);
	for (unsigned i = 0; i < N_FILES; i++) {
		tls->paths[i] = fsv_str_dup(fsv_str(paths[i]));
		tls->stamps[i] = stamp_of(paths[i]);
	}
	r = load(tls, err);
	if (r < 0) {
		fsv_tls_unref(tls);
		return r;
	}
	*ret_tls = tls;
	return 0;
}

struct fsv_tls *fsv_tls_ref(struct fsv_tls *tls)
{
	atomic_fetch_add_explicit(&tls->refs, 1, memory_order_relaxed);
	return tls;
}

struct fsv_tls *fsv_tls_unref(struct fsv_tls *tls)
{
	if (!tls || atomic_fetch_sub_explicit(&tls->refs, 1, memory_order_acq_rel) > 1)
		return NULL;
	free_pems(tls->pems);
	for (unsigned i = 0; i < N_FILES; i++)
		free(tls->paths[i]);
	pthread_mutex_destroy(&tls->lock);
	free(tls);
	return NULL;
}

/* Remembers the files' stamps; true when one differs from what was read last. The stamps are taken
 * before the files are read: a write that comes between shows at the next look. */
static bool files_changed(struct fsv_tls *tls)
{
	bool changed = false;

	for (unsigned i = 0; i < N_FILES; i++) {
		struct stamp now = stamp_of(tls->paths[i]);

		if (same_stamp(&now, &tls->stamps[i]))
			continue;
		tls->stamps[i] = now;
		changed = true;
	}
	return changed;
}

bool fsv_tls_refresh(struct fsv_tls *tls)
{
	struct fsv_err err = FSV_ERR_INIT;
	bool changed;
	int r = -1;

	pthread_mutex_lock(&tls->lock);
	changed = files_changed(tls);
	if (changed)
		r = load(tls, &err);
	pthread_mutex_unlock(&tls->lock);
	if (changed && r < 0)
		fsv_log_warn("TLS: %s; the certificates read before stay in use", err.text);
	return r == 0;
}

void fsv_tls_refresh_sometimes(struct fsv_tls *tls)
{
	int64_t due = atomic_load_explicit(&tls->next_look, memory_order_relaxed);
	int64_t now = fsv_now_ns();

	if (now < due || !atomic_compare_exchange_strong(&tls->next_look, &due, now + FSV_S))
		return;
	(void)fsv_tls_refresh(tls);	/* the generation tells */
}

unsigned fsv_tls_generation(const struct fsv_tls *tls)
{
	return atomic_load_explicit(&tls->generation, memory_order_acquire);
}

int64_t fsv_tls_not_after(struct fsv_tls *tls)
{
	int64_t not_after;

	pthread_mutex_lock(&tls->lock);
	not_after = tls->not_after;
	pthread_mutex_unlock(&tls->lock);
	return not_after;
}

unsigned fsv_tls_pems(struct fsv_tls *tls, char **ret_cert, char **ret_key)
{
	unsigned generation;

	pthread_mutex_lock(&tls->lock);
	*ret_cert = fsv_str_dup(fsv_str(tls->pems[1]));
	*ret_key = fsv_str_dup(fsv_str(tls->pems[2]));
	generation = tls->generation;
	pthread_mutex_unlock(&tls->lock);
	return generation;
}

/* gRPC credentials ----------------------------------------------------------------------------- */

static grpc_ssl_certificate_config_reload_status fetch(void *user, grpc_ssl_server_certificate_config **ret_config)
{
	struct fsv_tls_listener *listener = user;
	struct fsv_tls *tls = listener->tls;
	grpc_ssl_pem_key_cert_pair pair;

	(void)fsv_tls_refresh(tls);	/* the generation tells */
	pthread_mutex_lock(&tls->lock);
	if (listener->given == tls->generation) {
		pthread_mutex_unlock(&tls->lock);
		return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
	}
	pair = (grpc_ssl_pem_key_cert_pair){ .private_key = tls->pems[2], .cert_chain = tls->pems[1] };
	*ret_config = grpc_ssl_server_certificate_config_create(tls->pems[0], &pair, 1);
	listener->given = tls->generation;
	pthread_mutex_unlock(&tls->lock);
	return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
}

grpc_server_credentials *fsv_tls_server_credentials(struct fsv_tls_listener *listener)
{
	return grpc_ssl_server_credentials_create_with_options(
		grpc_ssl_server_credentials_create_options_using_config_fetcher(
			GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY, fetch, listener));
}

grpc_channel_credentials *fsv_tls_channel_credentials(struct fsv_tls *tls, unsigned *ret_generation)
{
	grpc_ssl_pem_key_cert_pair pair;
	grpc_channel_credentials *credentials;

	pthread_mutex_lock(&tls->lock);
	pair = (grpc_ssl_pem_key_cert_pair){ .private_key = tls->pems[2], .cert_chain = tls->pems[1] };
	credentials = grpc_ssl_credentials_create_ex(tls->pems[0], &pair, NULL, NULL);
	*ret_generation = tls->generation;
	pthread_mutex_unlock(&tls->lock);
	return credentials;
}
