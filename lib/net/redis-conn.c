/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection greets with AUTH, if there is a password, and PING, and commands go out right behind, so that a new
 * connection costs no round trip. Descriptors are watched for edges: each event reads and writes all that goes.
 */
#include "redis-private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"

enum { READ_SIZE = 16 * 1024, FIRST_ASKED = 64, KEEP_OUT = 64 * 1024, PASSWORD_MAX = 4096 };

/* What is waited for -------------------------------------------------------------------------------- */

static struct fsv_redis_asked *place(struct fsv_redis_conn *conn, uint64_t seq)
{
	return &conn->asked[seq & (conn->cap - 1)];
}

static void grow(struct fsv_redis_conn *conn)
{
	struct fsv_redis_asked *was = conn->asked;
	size_t cap = conn->cap;

	conn->cap = cap ? 2 * cap : FIRST_ASKED;
	conn->asked = FSV_NEW_N(struct fsv_redis_asked, conn->cap);
	for (uint64_t seq = conn->head; seq != conn->tail; seq++)
		*place(conn, seq) = was[seq & (cap - 1)];
	free(was);
}

void fsv_redis_conn_ask(struct fsv_redis_conn *conn, enum fsv_redis_ask what, struct fsv_redis_op *op, struct fsv_str bytes)
{
	struct fsv_redis *redis = conn->redis;
	int64_t now = fsv_now_ns();

	if (conn->tail - conn->head == conn->cap)
		grow(conn);
	*place(conn, conn->tail) = (struct fsv_redis_asked){ .what = what, .op = op, .since = now };
	if (op) {
		op->conn = conn;
		op->seq = conn->tail;
	}
	conn->tail++;
	fsv_buf_add(&conn->out, bytes);
	if (!conn->dirty) {
		conn->dirty = true;
		conn->next_dirty = redis->dirty;
		redis->dirty = conn;
	}
	fsv_redis_arm(redis, now + redis->timeout);
}

void fsv_redis_conn_forget(struct fsv_redis_op *op)
{
	if (op->conn)
		place(op->conn, op->seq)->op = NULL;
	op->conn = NULL;
}

int64_t fsv_redis_conn_limit(const struct fsv_redis_conn *conn)
{
	int64_t since;

	if (conn->head == conn->tail)
		return FSV_NO_DEADLINE;
	since = conn->asked[conn->head & (conn->cap - 1)].since;
	return (since > conn->heard ? since : conn->heard) + conn->redis->timeout;
}

/* Its end ------------------------------------------------------------------------------------------- */

static void end_asked(struct fsv_redis_conn *conn, const struct fsv_redis_asked *a, int result, const char *why)
{
	struct fsv_redis_op *op = a->op;

	if (a->what == FSV_REDIS_ASK_SLOTS) {
		conn->redis->asking_slots = false;
		fsv_redis_want_slots(conn->redis);
	}
	if (!op)
		return;
	op->conn = NULL;
	if (result == 0 && !op->again) {
		op->again = true;
		fsv_redis_dispatch(conn->redis, op);
	} else {
		fsv_redis_op_end(op, result ? result : -ECONNRESET, NULL, why);
	}
}

void fsv_redis_conn_close(struct fsv_redis_conn *conn, int result, const char *why)
{
	struct fsv_redis_node *node = conn->node;
	struct fsv_redis_conn **at = &node->conns;

	while (*at != conn)
		at = &(*at)->next;
	*at = conn->next;
	node->n_conns--;
	conn->state = FSV_REDIS_CLOSED;
	conn->watch = fsv_watch_free(conn->watch);
	conn->fd = fsv_close(conn->fd);
	if (conn->lookup)
		conn->lookup->conn = NULL;
	conn->next = conn->redis->closed;
	conn->redis->closed = conn;
	for (; conn->head != conn->tail; conn->head++)
		end_asked(conn, place(conn, conn->head), result, why);
}

void fsv_redis_conn_free(struct fsv_redis_conn *conn)
{
	SSL_free(conn->ssl);
	redisReaderFree(conn->reader);
	fsv_buf_done(&conn->out);
	fsv_arena_done(&conn->arena);
	free(conn->asked);
	free(conn);
}

static bool another_is_ready(const struct fsv_redis_conn *conn)
{
	for (const struct fsv_redis_conn *c = conn->node->conns; c; c = c->next)
		if (c != conn && c->ready)
			return true;
	return false;
}

/* A connection that was good may have been closed for being idle, and one too many may be refused: neither says that
 * the node is down. */
static void lost(struct fsv_redis_conn *conn, int result, const char *why)
{
	if (conn->state == FSV_REDIS_CLOSED)
		return;
	if (conn->ready || another_is_ready(conn))
		fsv_redis_conn_close(conn, 0, why);
	else
		fsv_redis_node_fail(conn->node, result, why);
}

static void lost_errno(struct fsv_redis_conn *conn, int e)
{
	char why[FSV_REDIS_WHY];

	snprintf(why, sizeof(why), "%s: %s", conn->ready ? "the connection broke" : "no connection", strerror(e));
	lost(conn, -e, why);
}

/* TLS ----------------------------------------------------------------------------------------------- */

static int tls_fault(struct fsv_err *err, const char *what, const char *path)
{
	unsigned long e = ERR_peek_last_error();
	const char *why = e ? ERR_reason_error_string(e) : NULL;

	ERR_clear_error();
	return fsv_err_set(err, FSV_E_TLS, "%s %s cannot be used: %s", what, path, why ? why : "it is no valid PEM file");
}

int fsv_redis_tls_ctx(const struct fsv_redis_opt *opt, SSL_CTX **ret_ctx, struct fsv_err *err)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	int r = 0;

	FSV_BUG_ON(!ctx);	/* out of memory, as fsv_malloc has it */
	ERR_clear_error();
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	if (!opt->ca_file && SSL_CTX_set_default_verify_paths(ctx) != 1)
		r = fsv_err_set(err, FSV_E_TLS, "the system's certificate authorities cannot be used");
	else if (opt->ca_file && SSL_CTX_load_verify_locations(ctx, opt->ca_file, NULL) != 1)
		r = tls_fault(err, "the CA file", opt->ca_file);
	else if (opt->cert_file && SSL_CTX_use_certificate_chain_file(ctx, opt->cert_file) != 1)
		r = tls_fault(err, "the certificate file", opt->cert_file);
	else if (opt->key_file && SSL_CTX_use_PrivateKey_file(ctx, opt->key_file, SSL_FILETYPE_PEM) != 1)
		r = tls_fault(err, "the key file", opt->key_file);
	if (r < 0) {
		SSL_CTX_free(ctx);
		return r;
	}
	*ret_ctx = ctx;
	return 0;
}

static void begin_tls(struct fsv_redis_conn *conn)
{
	const char *host = conn->node->host;
	struct in6_addr ip;

	conn->ssl = SSL_new(conn->redis->ssl_ctx);
	FSV_BUG_ON(!conn->ssl);
	SSL_set_fd(conn->ssl, conn->fd);
	SSL_set_connect_state(conn->ssl);
	if (inet_pton(AF_INET, host, &ip) == 1 || inet_pton(AF_INET6, host, &ip) == 1) {
		X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(conn->ssl), host);
	} else {
		SSL_set1_host(conn->ssl, host);
		SSL_set_tlsext_host_name(conn->ssl, host);
	}
	conn->state = FSV_REDIS_TLS;
}

/* What OpenSSL says: true when it is only to be tried again. */
static bool tls_again(struct fsv_redis_conn *conn, int r)
{
	int e = errno, kind = SSL_get_error(conn->ssl, r);
	long verify = SSL_get_verify_result(conn->ssl);
	unsigned long code = ERR_peek_last_error();
	const char *text = code ? ERR_reason_error_string(code) : NULL;
	char why[FSV_REDIS_WHY];

	if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE)
		return true;
	if (kind == SSL_ERROR_ZERO_RETURN || (kind == SSL_ERROR_SYSCALL && code == 0)) {
		lost_errno(conn, kind == SSL_ERROR_SYSCALL && e ? e : ECONNRESET);
		return false;
	}
	snprintf(why, sizeof(why), "TLS failed: %s", verify != X509_V_OK ? X509_verify_cert_error_string(verify) :
		 text ? text : "no reason was given");
	lost(conn, FSV_E_TLS, why);
	return false;
}

/* Bytes --------------------------------------------------------------------------------------------- */

/* How many; 0 when it is to be tried later, or the connection is closed. */
static size_t write_some(struct fsv_redis_conn *conn, const char *data, size_t n)
{
	ssize_t w;

	ERR_clear_error();
	w = conn->ssl ? SSL_write(conn->ssl, data, n > INT32_MAX ? INT32_MAX : (int)n) :
	    send(conn->fd, data, n, MSG_NOSIGNAL);
	if (w > 0)
		return (size_t)w;
	if (conn->ssl)
		(void)tls_again(conn, (int)w);
	else if (errno != EAGAIN && errno != EINTR)
		lost_errno(conn, errno);
	return 0;
}

static size_t read_some(struct fsv_redis_conn *conn, char *data, size_t n)
{
	ssize_t got;

	ERR_clear_error();
	got = conn->ssl ? SSL_read(conn->ssl, data, (int)n) : recv(conn->fd, data, n, 0);
	if (got > 0)
		return (size_t)got;
	if (conn->ssl)
		(void)tls_again(conn, (int)got);
	else if (got == 0)
		lost_errno(conn, ECONNRESET);
	else if (errno != EAGAIN && errno != EINTR)
		lost_errno(conn, errno);
	return 0;
}

void fsv_redis_conn_write(struct fsv_redis_conn *conn)
{
	size_t n = 1;

	if (conn->state != FSV_REDIS_OPEN)
		return;
	while (n > 0 && conn->sent < conn->out.n) {
		n = write_some(conn, conn->out.p + conn->sent, conn->out.n - conn->sent);
		conn->sent += n;
	}
	if (conn->state == FSV_REDIS_CLOSED || conn->sent < conn->out.n)
		return;
	conn->sent = 0;
	fsv_buf_clear(&conn->out);
	if (conn->out.cap > KEEP_OUT) {
		fsv_buf_done(&conn->out);
		fsv_buf_init(&conn->out, NULL, 0);
	}
}

/* Replies ------------------------------------------------------------------------------------------- */

static void take_redirect(struct fsv_redis_conn *conn, struct fsv_redis_op *op, struct fsv_str text)
{
	struct fsv_redis *redis = conn->redis;
	struct fsv_redis_node *node = NULL;
	struct fsv_str host, port;
	unsigned slot;
	bool ask;

	if (fsv_redis_parse_redirect(text, &ask, &slot, &host, &port) && op->hops < FSV_REDIS_HOPS_MAX)
		node = fsv_redis_node_get(redis, host.n > 0 ? host : fsv_str(conn->node->host), port);
	if (!node) {
		fsv_redis_op_end(op, FSV_E_RESPONSE, NULL, "the cluster's nodes send us from one to the other");
		return;
	}
	op->hops++;
	if (!ask) {
		redis->slots[slot] = node;
		fsv_redis_want_slots(redis);
	}
	fsv_redis_node_send(node, op, ask);
}

/* What a server says may quote a command's arguments, which are no log's business. */
static struct fsv_str unquoted(struct fsv_str text)
{
	size_t n = 0;

	while (n < text.n && n < FSV_REDIS_WHY - 40 && text.p[n] != '\'' && text.p[n] != '"' && text.p[n] != '`' &&
	       (unsigned char)text.p[n] >= ' ')
		n++;
	return fsv_str_trim(fsv_str_sub(text, 0, n));
}

static void take_op(struct fsv_redis_conn *conn, struct fsv_redis_op *op, const struct fsv_redis_reply *reply)
{
	char why[FSV_REDIS_WHY];

	if (!op)
		return;
	op->conn = NULL;
	if (reply->type != FSV_REDIS_ERROR) {
		fsv_redis_op_end(op, 0, reply, "");
		return;
	}
	if (conn->redis->cluster && (fsv_str_starts(reply->text, FSV_STR("MOVED ")) || fsv_str_starts(reply->text, FSV_STR("ASK ")))) {
		take_redirect(conn, op, reply->text);
		return;
	}
	if (fsv_str_starts(reply->text, FSV_STR("CLUSTERDOWN")))
		fsv_redis_want_slots(conn->redis);
	snprintf(why, sizeof(why), "the server says: %.*s", FSV_STR_ARG(unquoted(reply->text)));
	fsv_redis_op_end(op, FSV_E_RESPONSE, NULL, why);
}

static void take_greeting(struct fsv_redis_conn *conn, enum fsv_redis_ask what, const struct fsv_redis_reply *reply)
{
	char why[FSV_REDIS_WHY];

	if (reply->type == FSV_REDIS_ERROR) {
		snprintf(why, sizeof(why), "%s: %.*s", what == FSV_REDIS_ASK_AUTH ? "the password is refused" :
			 "it takes no commands", FSV_STR_ARG(unquoted(reply->text)));
		lost(conn, FSV_E_RESPONSE, why);
	} else if (what == FSV_REDIS_ASK_PING) {
		conn->ready = true;
		fsv_redis_node_up(conn->node);
	}
}

static void take_reply(struct fsv_redis_conn *conn, const struct fsv_redis_reply *reply)
{
	struct fsv_redis_asked a;

	if (conn->head == conn->tail) {
		lost(conn, FSV_E_RESPONSE, "a reply came that nobody asked for");
		return;
	}
	a = *place(conn, conn->head++);
	switch (a.what) {
	case FSV_REDIS_ASK_OP:
		take_op(conn, a.op, reply);
		break;
	case FSV_REDIS_ASK_SLOTS:
		fsv_redis_take_slots(conn, reply);
		break;
	case FSV_REDIS_ASK_ASKING:
		break;
	default:
		take_greeting(conn, a.what, reply);
	}
	if (conn->state != FSV_REDIS_CLOSED && conn->head == conn->tail)
		fsv_redis_node_idle(conn->node, conn);
}

static void new_budget(struct fsv_redis_conn *conn)
{
	conn->budget = conn->redis->max_reply / 16 + 64;
}

static void too_large(struct fsv_redis_conn *conn)
{
	fsv_log_limited(FSV_LOG_WARNING, NULL, "redis: %s:%s: a reply is larger than %zu bytes; its connection is closed",
			conn->node->host, conn->node->port, conn->redis->max_reply);
	fsv_redis_conn_close(conn, FSV_E_LIMIT, "a reply was too large");
}

/* False when the connection is closed. */
static bool take_replies(struct fsv_redis_conn *conn)
{
	void *reply;

	for (;;) {
		if (redisReaderGetReply(conn->reader, &reply) != REDIS_OK) {
			if (conn->reader->err == REDIS_ERR_OOM)
				too_large(conn);
			else
				lost(conn, FSV_E_RESPONSE, "it does not speak Redis' protocol");
			return false;
		}
		if (!reply)
			break;
		take_reply(conn, reply);
		if (conn->state == FSV_REDIS_CLOSED)
			return false;
		fsv_arena_reset(&conn->arena);
		new_budget(conn);
	}
	if (conn->reader->len - conn->reader->pos > conn->redis->max_reply || conn->arena.total / 2 > conn->redis->max_reply) {
		too_large(conn);
		return false;
	}
	return true;
}

static void read_all(struct fsv_redis_conn *conn)
{
	char data[READ_SIZE];
	size_t n;

	while (conn->state == FSV_REDIS_OPEN && (n = read_some(conn, data, sizeof(data))) > 0) {
		conn->heard = fsv_now_ns();
		FSV_BUG_ON(redisReaderFeed(conn->reader, data, n) != REDIS_OK);	/* out of memory */
		if (!take_replies(conn))
			return;
	}
}

/* Its beginning ------------------------------------------------------------------------------------- */

static void connect_next(struct fsv_redis_conn *conn, int last_errno);

static void on_connected(struct fsv_redis_conn *conn)
{
	int e = 0;
	socklen_t n = sizeof(e);

	if (getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &e, &n) < 0)
		e = errno;
	if (e != 0)
		connect_next(conn, e);
	else if (conn->redis->ssl_ctx)
		begin_tls(conn);
	else
		conn->state = FSV_REDIS_OPEN;
}

static void on_event(int fd, uint32_t events, void *arg)
{
	struct fsv_redis_conn *conn = arg;

	(void)fd;
	if (conn->state == FSV_REDIS_CONNECTING && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)))
		on_connected(conn);
	if (conn->state == FSV_REDIS_TLS) {
		int r;

		ERR_clear_error();
		errno = 0;
		r = SSL_connect(conn->ssl);
		if (r == 1)
			conn->state = FSV_REDIS_OPEN;
		else
			(void)tls_again(conn, r);
	}
	if (conn->state == FSV_REDIS_OPEN) {
		fsv_redis_conn_write(conn);
		read_all(conn);
	}
	fsv_redis_turn_end(conn->redis);
}

static int connect_to(struct fsv_redis_conn *conn, unsigned i)
{
	const struct sockaddr *address = (const struct sockaddr *)&conn->addresses[i];
	int one = 1, idle_s = 30, every_s = 10, tries = 3;
	struct fsv_err err;

	conn->fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (conn->fd < 0)
		return errno;
	(void)setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));	/* works without, too */
	/* A connection that died while nobody used it must not cost the next who does. */
	(void)setsockopt(conn->fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	(void)setsockopt(conn->fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
	(void)setsockopt(conn->fd, IPPROTO_TCP, TCP_KEEPINTVL, &every_s, sizeof(every_s));
	(void)setsockopt(conn->fd, IPPROTO_TCP, TCP_KEEPCNT, &tries, sizeof(tries));
	if (connect(conn->fd, address, conn->address_len[i]) < 0 && errno != EINPROGRESS)
		return errno;
	conn->state = FSV_REDIS_CONNECTING;
	return fsv_loop_watch(conn->redis->loop, conn->fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, on_event, conn,
			      &conn->watch, &err) < 0 ? ENOMEM : 0;
}

/* The next of its name's addresses. */
static void connect_next(struct fsv_redis_conn *conn, int last_errno)
{
	while (conn->next_address < conn->n_addresses) {
		conn->watch = fsv_watch_free(conn->watch);
		conn->fd = fsv_close(conn->fd);
		last_errno = connect_to(conn, conn->next_address++);
		if (last_errno == 0)
			return;
	}
	lost_errno(conn, last_errno);
}

static int resolve(const char *host, const char *port, int flags, struct addrinfo **ret_list)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV };

	return getaddrinfo(host, port, &hints, ret_list);
}

static void take_addresses(struct fsv_redis_conn *conn, struct addrinfo *list)
{
	for (const struct addrinfo *a = list; a && conn->n_addresses < FSV_REDIS_ADDRESSES; a = a->ai_next) {
		memcpy(&conn->addresses[conn->n_addresses], a->ai_addr, a->ai_addrlen);
		conn->address_len[conn->n_addresses++] = a->ai_addrlen;
	}
	freeaddrinfo(list);
	connect_next(conn, EADDRNOTAVAIL);
}

/* [the pool's thread] */
static void resolve_job(void *arg)
{
	struct fsv_redis_lookup *l = arg;
	struct fsv_redis *redis = l->redis;

	l->result = resolve(l->host, l->port, 0, &l->list);
	pthread_mutex_lock(&redis->lock);
	l->next = redis->found;
	redis->found = l;
	fsv_redis_wake(redis);
	pthread_mutex_unlock(&redis->lock);
}

static void lookup_free(struct fsv_redis_lookup *l)
{
	free(l->host);
	free(l->port);
	free(l);
}

void fsv_redis_lookups_done(struct fsv_redis_lookup *list)
{
	while (list) {
		struct fsv_redis_lookup *l = list;
		struct fsv_redis_conn *conn = l->conn;
		char why[FSV_REDIS_WHY];

		list = l->next;
		if (conn)
			conn->lookup = NULL;
		if (conn && l->result == 0) {
			take_addresses(conn, l->list);
		} else if (conn) {
			snprintf(why, sizeof(why), "its name cannot be resolved: %s", gai_strerror(l->result));
			lost(conn, FSV_E_NET, why);
		} else if (l->result == 0) {
			freeaddrinfo(l->list);
		}
		lookup_free(l);
	}
}

static void look_name_up(struct fsv_redis_conn *conn)
{
	struct fsv_redis *redis = conn->redis;
	struct fsv_redis_lookup *l = FSV_NEW(struct fsv_redis_lookup);
	struct fsv_err err;

	l->conn = conn;
	l->redis = redis;
	l->host = fsv_str_dup(fsv_str(conn->node->host));
	l->port = fsv_str_dup(fsv_str(conn->node->port));
	conn->lookup = l;
	if ((redis->pool || fsv_pool_new("redis-names", 1, FSV_REDIS_NODES_MAX, &redis->pool, &err) == 0) &&
	    fsv_pool_submit(redis->pool, resolve_job, l) == 0)
		return;
	conn->lookup = NULL;
	lookup_free(l);
	lost(conn, -EAGAIN, "its name cannot be resolved: too many names wait for that");
}

/* NULL without one; false when the file cannot be read. */
static bool get_password(struct fsv_redis *redis, char **ret_password, struct fsv_err *err)
{
	struct fsv_str line;
	char *text;
	size_t n;

	if (!redis->password_file) {
		*ret_password = redis->password ? fsv_str_dup(fsv_str(redis->password)) : NULL;
		return true;
	}
	if (fsv_read_file(redis->password_file, PASSWORD_MAX, &text, &n, err) < 0)
		return false;
	line = fsv_str_sub(fsv_str_n(text, n), 0, fsv_str_find(fsv_str_n(text, n), '\n', 0));
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	*ret_password = line.n > 0 ? fsv_str_dup(line) : NULL;
	explicit_bzero(text, n);
	free(text);
	return true;
}

static bool greet(struct fsv_redis_conn *conn, struct fsv_err *err)
{
	struct fsv_arena arena;
	char *password;

	if (!get_password(conn->redis, &password, err))
		return false;
	fsv_arena_init(&arena, 0);
	if (password) {
		const struct fsv_str args[] = { FSV_STR("AUTH"), fsv_str(password) };

		fsv_redis_conn_ask(conn, FSV_REDIS_ASK_AUTH, NULL, fsv_redis_format(args, 2, &arena));
		explicit_bzero(password, strlen(password));
		free(password);
	}
	fsv_arena_done(&arena);
	fsv_redis_conn_ask(conn, FSV_REDIS_ASK_PING, NULL, FSV_STR("*1\r\n$4\r\nPING\r\n"));
	return true;
}

struct fsv_redis_conn *fsv_redis_conn_new(struct fsv_redis_node *node)
{
	struct fsv_redis_conn *conn = FSV_NEW(struct fsv_redis_conn);
	struct addrinfo *list;
	struct fsv_err err;

	conn->redis = node->redis;
	conn->node = node;
	conn->fd = -1;
	conn->reader = fsv_redis_reader_new(conn);
	fsv_buf_init(&conn->out, NULL, 0);
	fsv_arena_init(&conn->arena, 0);
	new_budget(conn);
	conn->next = node->conns;
	node->conns = conn;
	node->n_conns++;
	if (!greet(conn, &err))
		lost(conn, err.code, err.text);
	else if (resolve(node->host, node->port, AI_NUMERICHOST, &list) == 0)
		take_addresses(conn, list);
	else
		look_name_up(conn);
	return conn;
}
