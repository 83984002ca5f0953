/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"

/* Whether none but root can change what stands at path. Above the folder, a folder like /tmp will do, in which nobody
 * can rename what belongs to root. */
static int check_one(const char *path, bool above, struct fsv_err *err)
{
	struct stat st;

	if (lstat(path, &st) == -1)
		return fsv_err_errno(err, errno, "plugin %s", path);
	if (st.st_uid != 0)
		return fsv_err_set(err, FSV_E_CONFIG, "plugins must belong to root, but %s belongs to user %u", path,
				   (unsigned)st.st_uid);
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) && !(above && (st.st_mode & S_ISVTX)))
		return fsv_err_set(err, FSV_E_CONFIG, "plugins must be safe from others than root, but %s is writable by its "
				   "group or by all", path);
	return 0;
}

/* real: an absolute path without links. */
static int check_path(const char *real, struct fsv_err *err)
{
	char path[PATH_MAX];
	unsigned level = 0;
	int r;

	snprintf(path, sizeof(path), "%s", real);
	for (;;) {
		char *slash = strrchr(path, '/');

		r = check_one(path, level++ > 1, err);
		if (r < 0 || strcmp(path, "/") == 0)
			return r;
		slash[slash == path] = '\0';
	}
}

static int check_file(const char *folder, const char *name, char **ret_real, struct fsv_err *err)
{
	FSV_AUTO_MEM char *real_folder = realpath(folder, NULL);
	char path[PATH_MAX];
	struct stat st;
	int r;

	if (!real_folder)
		return fsv_err_errno(err, errno, "feature.plugin.folder %s", folder);
	if (!*name || strchr(name, '/') || name[0] == '.')
		return fsv_err_set(err, FSV_E_CONFIG, "feature.plugin.file must be a name without a path, in the folder %s",
				   folder);
	if (snprintf(path, sizeof(path), "%s/%s", real_folder, name) >= (int)sizeof(path))
		return fsv_err_errno(err, ENAMETOOLONG, "plugin %s", name);
	r = check_path(path, err);
	if (r < 0)
		return r;
	if (lstat(path, &st) == -1 || !S_ISREG(st.st_mode))
		return fsv_err_set(err, FSV_E_CONFIG, "plugin %s is no ordinary file", path);
	*ret_real = strdup(path);
	return 0;
}

static int check_adaptor(const struct fate_adaptor *a, const char *path, struct fsv_err *err)
{
	if (!a)
		return fsv_err_set(err, FSV_E_CONFIG, "plugin %s has no description", path);
	if (a->abi != FATE_ADAPTOR_ABI || a->size < sizeof(*a))
		return fsv_err_set(err, FSV_E_CONFIG, "plugin %s speaks version %u of the interface, this server version %u",
				   path, a->abi, FATE_ADAPTOR_ABI);
	if (!a->name || !a->open || !a->close || (!a->find && !a->find_batch))
		return fsv_err_set(err, FSV_E_CONFIG, "plugin %s lacks its name, open, close, or both kinds of find", path);
	return 0;
}

int fsv_plugin_load(const char *folder, const char *name, struct fsv_plugin *ret_plugin, struct fsv_err *err)
{
	const struct fate_adaptor *(*describe)(void);
	struct fsv_plugin p = { NULL, NULL };
	FSV_AUTO_MEM char *path = NULL;
	int r = check_file(folder, name, &path, err);

	if (r < 0)
		return r;
	p.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!p.handle)
		return fsv_err_set(err, FSV_E_CONFIG, "plugin cannot be loaded: %s", dlerror());
	*(void **)&describe = dlsym(p.handle, "fate_serving_adaptor");
	if (describe)
		p.adaptor = describe();
	r = describe ? check_adaptor(p.adaptor, path, err) :
		fsv_err_set(err, FSV_E_CONFIG, "plugin %s has no function fate_serving_adaptor", path);
	if (r < 0)
		fsv_plugin_unload(&p);
	else
		*ret_plugin = p;
	return r;
}

void fsv_plugin_unload(struct fsv_plugin *plugin)
{
	if (plugin->handle)
		dlclose(plugin->handle);
	*plugin = (struct fsv_plugin){ NULL, NULL };
}
