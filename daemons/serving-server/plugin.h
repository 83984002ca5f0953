/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading of plugins (include/fate-serving/adaptor.h). Code that runs inside of the server comes only from where none
 * but root can put it: the folder, those above it and the file must belong to root and be writable by nobody else.
 */
#ifndef FSV_SERVER_PLUGIN_H
#define FSV_SERVER_PLUGIN_H

#include <fate-serving/adaptor.h>

#include "base/err.h"

struct fsv_plugin {
	void *handle;
	const struct fate_adaptor *adaptor;
};

/* name: of a file in folder, without a slash. FSV_E_CONFIG, -errno. */
int fsv_plugin_load(const char *folder, const char *name, struct fsv_plugin *ret_plugin,
		    struct fsv_err *err) FSV_MUST_CHECK;
void fsv_plugin_unload(struct fsv_plugin *plugin);

#endif
