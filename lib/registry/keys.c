/* SPDX-License-Identifier: Apache-2.0 */
#include "keys.h"

#include <stdlib.h>

#include "base/fd.h"
#include "base/mem.h"

enum { PASSWORD_MAX = 4096 };

static bool given(const struct fsv_conf *conf, unsigned key)
{
	const char *text = fsv_conf_str(conf, key);

	return text && !fsv_str_blank(fsv_str(text));
}

int fsv_registry_keys_check(const struct fsv_conf *conf, unsigned base, struct fsv_err *err)
{
	int r = given(conf, base + FSV_RK_URL) ? fsv_registry_check_hosts(fsv_conf_str(conf, base + FSV_RK_URL), err) : 0;

	if (r < 0)
		return fsv_err_wrap(err, "%s", fsv_conf_where(conf, base + FSV_RK_URL));
	if (!fsv_conf_bool(conf, base + FSV_RK_ACL))
		return 0;
	if (!given(conf, base + FSV_RK_USER))
		return fsv_err_set(err, FSV_E_CONFIG, "%s: acl.enable is true, so acl.username must be set",
				   fsv_conf_where(conf, base + FSV_RK_ACL));
	if (strchr(fsv_conf_str(conf, base + FSV_RK_USER), ':'))
		return fsv_err_set(err, FSV_E_CONFIG, "%s: acl.username cannot have a colon",
				   fsv_conf_where(conf, base + FSV_RK_USER));
	if (given(conf, base + FSV_RK_PASSWORD) == given(conf, base + FSV_RK_PASSWORD_FILE))
		return fsv_err_set(err, FSV_E_CONFIG, "%s: acl.enable is true, so one of acl.passwordFile and acl.password must "
				   "be set, and not both", fsv_conf_where(conf, base + FSV_RK_ACL));
	return 0;
}

static int read_password(const struct fsv_conf *conf, unsigned base, char **ret_password, struct fsv_err *err)
{
	struct fsv_str text;
	char *data;
	size_t n;
	int r;

	if (given(conf, base + FSV_RK_PASSWORD)) {
		*ret_password = fsv_str_dup(fsv_str(fsv_conf_str(conf, base + FSV_RK_PASSWORD)));
		return 0;
	}
	r = fsv_read_file(fsv_conf_str(conf, base + FSV_RK_PASSWORD_FILE), PASSWORD_MAX, &data, &n, err);
	if (r < 0)
		return fsv_err_wrap(err, "acl.passwordFile");
	text = fsv_str_trim(fsv_str_n(data, n));
	if (text.n == 0)
		r = fsv_err_set(err, FSV_E_CONFIG, "acl.passwordFile: %s is empty",
				fsv_conf_str(conf, base + FSV_RK_PASSWORD_FILE));
	else
		*ret_password = fsv_str_dup(text);
	explicit_bzero(data, n);
	free(data);
	return r;
}

int fsv_registry_keys_read(const struct fsv_conf *conf, unsigned base, struct fsv_registry_opt *opt, char **ret_password,
			   struct fsv_err *err)
{
	opt->hosts = fsv_conf_str(conf, base + FSV_RK_URL);
	opt->session_ms = fsv_conf_int(conf, base + FSV_RK_SESSION);
	opt->address = fsv_conf_str(conf, base + FSV_RK_ADDRESS);
	opt->weight = (unsigned)fsv_conf_int(conf, base + FSV_RK_WEIGHT);
	opt->max_nodes = (unsigned)fsv_conf_int(conf, base + FSV_RK_MAX_NODES);
	if (given(conf, base + FSV_RK_CACHE))
		opt->cache_folder = fsv_conf_str(conf, base + FSV_RK_CACHE);
	*ret_password = NULL;
	if (!fsv_conf_bool(conf, base + FSV_RK_ACL))
		return 0;
	opt->user = fsv_conf_str(conf, base + FSV_RK_USER);
	return read_password(conf, base, ret_password, err);
}

int fsv_registry_from_conf(struct fsv_loop *loop, const struct fsv_conf *conf, unsigned base, struct fsv_registry_opt *opt,
			   struct fsv_registry **ret_registry, struct fsv_err *err)
{
	char *password;
	int r = fsv_registry_keys_read(conf, base, opt, &password, err);

	if (r == 0) {
		opt->password = password;
		r = fsv_registry_new(loop, opt, ret_registry, err);
		opt->password = NULL;
	}
	if (password)
		explicit_bzero(password, strlen(password));
	free(password);
	return r;
}
