/* SPDX-License-Identifier: Apache-2.0 */
/* A real MariaDB with TLS in a private folder. Skipped where it is not installed. */
#include "sql-helper.h"

#include <arpa/inet.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "../net/certs.h"
#include "base/fd.h"

enum { SKIP = 77, PATIENCE_MS = 120000 };

static pid_t server;
static bool missing;		/* it is not installed */
static unsigned port;

static void write_text(const char *name, const char *text)
{
	struct fsv_err err = FSV_ERR_INIT;

	if (fsv_write_file(file(name), text, strlen(text), 0644, &err) < 0)
		fail_msg("%s", err.text);
}

static unsigned free_port(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&at, n), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
	close(fd);
	return ntohs(at.sin_port);
}

static struct fsv_sql_opt opt(const char *statement)
{
	return (struct fsv_sql_opt){
		.statement = statement, .connect_ms = PATIENCE_MS, .answer_ms = PATIENCE_MS, .max_row = 4096,
		.server = fsv_arena_printf(&arena, "127.0.0.1:%u", port), .user = "reader", .database = "f",
		.password_file = file("password"),
	};
}

static const char *use(const char *statement)
{
	struct fsv_sql_opt o = opt(statement);

	return connect_with(&o);
}

/* The server ---------------------------------------------------------------------------------------- */

#define TABLES \
	"CREATE DATABASE IF NOT EXISTS f;\nUSE f;\n" \
	"CREATE OR REPLACE TABLE p (id VARCHAR(20) PRIMARY KEY, i8 TINYINT, u64 BIGINT UNSIGNED, i64 BIGINT, zf INT(8) ZEROFILL," \
	" de DECIMAL(40,10), fl FLOAT, db DOUBLE, bo BOOLEAN, bi BIT(10), yr YEAR, vc VARCHAR(400) CHARACTER SET utf8mb4," \
	" tx LONGTEXT, en ENUM('a','b'), da DATE, dt DATETIME(3), ti TIME);\n" \
	"INSERT INTO p VALUES ('8', -128, 18446744073709551615, -9223372036854775808, 42," \
	" 123456789012345678901234567890.0123456789, 0.1, 0.1, TRUE, b'1000000001', 2026, CONCAT('h', _utf8mb4 X'c3a422'), REPEAT('x', 300), 'b'," \
	" '2026-11-28', '2026-11-28 01:02:03.456', '-12:34:56');\n" \
	"INSERT INTO p (id) VALUES ('9');\n" \
	"INSERT INTO p (id, de, fl, db) VALUES ('10', -0.5, 16777216, 1e22);\n" \
	"INSERT INTO p (id, tx) VALUES ('11', REPEAT('x', 10000)), ('12', REPEAT('x', 5000000));\n" \
	"CREATE OR REPLACE TABLE photos (id INT, photo BLOB, name VARCHAR(9));\nINSERT INTO photos VALUES (8, 'x', 'n');\n" \
	"CREATE OR REPLACE TABLE n (id INT PRIMARY KEY, v INT);\nINSERT INTO n VALUES (8, 1), (9, 2);\n" \
	"CREATE OR REPLACE USER reader@'127.0.0.1' IDENTIFIED BY 'secret word';\nGRANT SELECT ON f.* TO reader@'127.0.0.1';\n" \
	"CREATE OR REPLACE USER tls@'127.0.0.1' IDENTIFIED BY 'secret word' REQUIRE SSL;\nGRANT SELECT ON f.* TO tls@'127.0.0.1';\n" \
	"CREATE OR REPLACE USER own@'127.0.0.1' IDENTIFIED BY 'secret word' REQUIRE X509;\nGRANT SELECT ON f.* TO own@'127.0.0.1';\n" \
	"CREATE OR REPLACE USER reader@localhost IDENTIFIED BY 'secret word';\nGRANT SELECT ON f.* TO reader@localhost;\n"

static void start_server(void)
{
	const char *ssl = fsv_arena_printf(&arena, "--ssl-cert=%s", file("server.pem"));
	const char *key = fsv_arena_printf(&arena, "--ssl-key=%s", file("server.key"));
	const char *ca = fsv_arena_printf(&arena, "--ssl-ca=%s", file("ca.pem"));
	char number[8];

	snprintf(number, sizeof(number), "%u", port);
	server = fork();
	assert_true(server >= 0);
	if (server == 0) {
		FILE *log = freopen(file("server.log"), "a", stdout);

		if (log)
			dup2(fileno(log), STDERR_FILENO);
		execl("tests/lib/mariadb-server", "mariadb-server", file("db"), number, file("init.sql"), ssl, key, ca, (char *)NULL);
		_exit(127);
	}
}

static void stop_server(void)
{
	kill(server, SIGTERM);
	waitpid(server, NULL, 0);
	server = 0;
}

/* Until it takes connections, or it turns out that there is none. */
static void await_server(void)
{
	int64_t until = fsv_deadline_in_ms(PATIENCE_MS);
	const char *why;
	int status;

	while (*(why = use("SELECT v FROM n WHERE id = :id"))) {
		if (waitpid(server, &status, WNOHANG) == server) {
			server = 0;
			missing = WIFEXITED(status) && WEXITSTATUS(status) == SKIP;
			if (missing)
				return;
			fail_msg("the server ended with %d; see %s", status, file("server.log"));
		}
		if (fsv_now_ns() > until)
			fail_msg("the server never came: %s", why);
		usleep(20000);
	}
}

static void make_certs(void)
{
	struct cert ca = cert_new(&(struct cert_opt){ .cn = "ca", .from_s = -3600, .to_s = 86400, .ca = 1 });
	struct cert leaf = cert_new(&(struct cert_opt){
		.issuer = &ca, .cn = "127.0.0.1", .san = "IP:127.0.0.1,DNS:db.example", .from_s = -3600, .to_s = 86400 });
	struct cert other = cert_new(&(struct cert_opt){ .cn = "other ca", .from_s = -3600, .to_s = 86400, .ca = 1 });

	cert_write(&ca, file("ca.pem"), file("ca.key"));
	cert_write(&leaf, file("server.pem"), file("server.key"));
	cert_write(&other, file("other.pem"), file("other.key"));
	assert_int_equal(chmod(file("server.key"), 0644), 0);
	cert_free(&ca);
	cert_free(&leaf);
	cert_free(&other);
}

static int set_up(void **state)
{
	(void)state;
	fsv_arena_init(&arena, 0);
	if (!mkdtemp(folder) || chmod(folder, 0755) < 0)
		return -1;
	port = free_port();
	make_certs();
	write_text("password", "secret word\n");
	write_text("init.sql", TABLES);
	start_server();
	await_server();
	return 0;
}

static int begin(void **state)
{
	(void)state;
	if (missing)
		skip();
	if (server > 0)
		kill(server, SIGCONT);	/* a test may have failed while it stood still */
	return 0;
}

static int unlink_it(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int tear_down(void **state)
{
	(void)state;
	close_all();
	if (server > 0)
		stop_server();
	nftw(folder, unlink_it, 16, FTW_DEPTH | FTW_PHYS);
	fsv_arena_done(&arena);
	return 0;
}

/* Values -------------------------------------------------------------------------------------------- */

static void test_values(void **state)
{
	char text[301];

	(void)state;
	memset(text, 'x', 300);
	text[300] = '\0';
	expect(use("SELECT * FROM p WHERE id = :id"), "");
	expect(find("8"), fsv_arena_printf(&arena, "{\"id\":\"8\",\"i8\":-128,\"u64\":18446744073709551615,"
		"\"i64\":-9223372036854775808,\"zf\":42,\"de\":123456789012345678901234567890.0123456789,\"fl\":0.1,\"db\":0.1,"
		"\"bo\":1,\"bi\":513,\"yr\":2026,\"vc\":\"h\xc3\xa4\\\"\",\"tx\":\"%s\",\"en\":\"b\",\"da\":\"2026-11-28\","
		"\"dt\":\"2026-11-28 01:02:03.456\",\"ti\":\"-12:34:56\"}", text));
	expect(find("9"), "{\"id\":\"9\",\"i8\":null,\"u64\":null,\"i64\":null,\"zf\":null,\"de\":null,\"fl\":null,\"db\":null,"
	       "\"bo\":null,\"bi\":null,\"yr\":null,\"vc\":null,\"tx\":null,\"en\":null,\"da\":null,\"dt\":null,\"ti\":null}");
	expect(find("nobody"), "none");
	expect(find("8' OR '1'='1"), "none");
	expect(find(""), "none");
	expect_part(find("11"), "LIMIT: column tx is larger than 4096 bytes");
	/* More than a packet: the connection cannot go on. */
	expect_part(find("12"), "NET: ");
	expect(use("SELECT de, fl, db, NULL AS nothing, 7 AS seven, -1.50 AS d FROM p WHERE id = :id"), "");
	expect(find("10"), "{\"de\":-0.5000000000,\"fl\":1.6777216E7,\"db\":1.0E22,\"nothing\":null,\"seven\":7,\"d\":-1.50}");
}

static void test_many_rows_give_the_first(void **state)
{
	(void)state;
	expect(use("SELECT v FROM n WHERE id >= :id ORDER BY id"), "");
	for (unsigned i = 0; i < 3; i++)
		expect(find("8"), "{\"v\":1}");
	expect(find("9"), "{\"v\":2}");
}

static void test_what_cannot_be_prepared(void **state)
{
	(void)state;
	expect_part(use("SELECT * FROM photos WHERE id = :id"),
		    "TYPE: 127.0.0.1:");
	expect_part(use("SELECT * FROM photos WHERE id = :id"),
		    ": column photo holds binary data; name the columns in the statement and leave it out");
	expect(use("SELECT name FROM photos WHERE id = :id"), "");
	expect(find("8"), "{\"name\":\"n\"}");
	expect_part(use("SELECT nothing FROM p WHERE id = :id"), "the statement cannot be prepared: Unknown column 'nothing'");
	expect_part(use("SELECT 1; SELECT 2"), "the statement cannot be prepared: ");
	expect_part(use("SET @x = 1"), "the statement returns no columns");
}

/* Connections --------------------------------------------------------------------------------------- */

static void test_passwords(void **state)
{
	struct fsv_sql_opt o = opt("SELECT v FROM n WHERE id = :id");

	(void)state;
	write_text("wrong", "secret worm");
	o.password_file = file("wrong");
	expect_part(connect_with(&o), "Access denied for user 'reader'@'127.0.0.1' (using password: YES) (1045)");
	o.password_file = NULL;
	expect_part(connect_with(&o), "(using password: NO) (1045)");
	o.password_file = file("missing");
	expect_part(connect_with(&o), "ENOENT: the password of 127.0.0.1:");
	write_text("crlf", "secret word\r\nnot this\n");
	o.password_file = file("crlf");
	expect(connect_with(&o), "");
}

static void test_a_socket(void **state)
{
	struct fsv_sql_opt o = opt("SELECT v FROM n WHERE id = :id");

	(void)state;
	o.server = NULL;
	o.socket = file("db/socket");
	expect(connect_with(&o), "");
	expect(find("8"), "{\"v\":1}");
	o.socket = file("db/no-socket");
	expect_part(connect_with(&o), "no-socket: Can't connect to local server");
}

static void test_tls(void **state)
{
	struct fsv_sql_opt o = opt("SELECT v FROM n WHERE id = :id");

	(void)state;
	o.user = "tls";
	expect_part(connect_with(&o), "Access denied");
	o.tls = true;
	o.ca_file = file("ca.pem");
	expect(connect_with(&o), "");
	expect(find("8"), "{\"v\":1}");
	o.ca_file = file("other.pem");
	expect_part(connect_with(&o), "NET: cannot connect to 127.0.0.1:");
	o.ca_file = file("ca.pem");
	/* The same server under a name that is not in its certificate. */
	o.server = fsv_arena_printf(&arena, "localhost:%u", port);
	expect_part(connect_with(&o), "NET: cannot connect to localhost:");
	o.tls = false;
	o.user = "reader";
	expect(connect_with(&o), "");
	o.tls = true;
	o.server = opt("").server;
	o.user = "own";
	expect_part(connect_with(&o), "Access denied");
	o.cert_file = file("server.pem");
	o.key_file = file("server.key");
	expect(connect_with(&o), "");
	expect(find("9"), "{\"v\":2}");
}

/* Somebody else's connection changes something meanwhile. */
static void meanwhile(const char *statement)
{
	char *command = fsv_arena_printf(&arena, "%s -S %s -u root -e \"%s\"", "mariadb --no-defaults", file("db/socket"), statement);

	assert_int_equal(system(command), 0);
}

static void test_altered_tables(void **state)
{
	(void)state;
	expect(use("SELECT * FROM n WHERE id = :id"), "");
	expect(find("8"), "{\"id\":8,\"v\":1}");
	meanwhile("ALTER TABLE f.n ADD w INT DEFAULT 5");
	expect_part(find("8"), "NET: ");
	expect(use("SELECT * FROM n WHERE id = :id"), "");
	expect(find("8"), "{\"id\":8,\"v\":1,\"w\":5}");
	meanwhile("ALTER TABLE f.n MODIFY w VARCHAR(9)");
	expect_part(find("8"), "NET: ");
	expect(use("SELECT * FROM n WHERE id = :id"), "");
	expect(find("8"), "{\"id\":8,\"v\":1,\"w\":\"5\"}");
	meanwhile("ALTER TABLE f.n RENAME f.m");
	expect_part(find("8"), "error 1146 (SQLSTATE 42S02)");
	meanwhile("ALTER TABLE f.m RENAME f.n");
	expect(find("8"), "{\"id\":8,\"v\":1,\"w\":\"5\"}");
}

static void test_lost_connections(void **state)
{
	struct fsv_sql_opt o = opt("SELECT v FROM n WHERE id = :id");

	(void)state;
	expect(connect_with(&o), "");
	expect(find("8"), "{\"v\":1}");
	meanwhile("KILL USER reader@'127.0.0.1'");
	expect_part(find("8"), "NET: ");
	expect(connect_with(&o), "");
	expect(find("8"), "{\"v\":1}");
	stop_server();
	expect_part(find("8"), "NET: ");
	expect_part(connect_with(&o), "NET: cannot connect to 127.0.0.1:");
	start_server();
	await_server();
	expect(find("8"), "{\"v\":1}");
}

static void test_a_server_that_hangs(void **state)
{
	struct fsv_sql_opt o = opt("SELECT v FROM n WHERE id = :id");

	(void)state;
	o.connect_ms = o.answer_ms = 1000;
	expect(connect_with(&o), "");
	kill(server, SIGSTOP);
	/* Until its last thread stands still. */
	assert_int_equal(waitpid(server, NULL, WUNTRACED), server);
	expect_part(find("8"), "NET: ");
	expect_part(connect_with(&o), "NET: cannot connect to ");
	kill(server, SIGCONT);
	await_server();
}

#define TEST(name)	cmocka_unit_test_setup(name, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_values),
		TEST(test_many_rows_give_the_first),
		TEST(test_what_cannot_be_prepared),
		TEST(test_passwords),
		TEST(test_a_socket),
		TEST(test_tls),
		TEST(test_altered_tables),
		TEST(test_a_server_that_hangs),
		TEST(test_lost_connections),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
