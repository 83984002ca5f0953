/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model archive as FATE-Flow exports it: a zip file with define/define_meta.yaml, which names the messages
 * under model_proto, and the messages under variables/data/<component>/<alias>/<Message>. Nothing is unpacked
 * to disk; only what the YAML names is read, and everything that an archive can make grow has a limit.
 */
#ifndef FSV_MODEL_ARCHIVE_H
#define FSV_MODEL_ARCHIVE_H

#include "package.h"

struct fsv_archive_limits {
	size_t max_bytes;		/* of all messages together, unpacked */
	uint64_t max_entries;		/* in the archive, read or not */
	int64_t deadline;		/* monotonic ns */
};

/* Everything lives in the arena. *ret_missing counts messages that the YAML names and the archive does not
 * have, or has empty: they are left out. FSV_E_SYNTAX for what is no such archive or has an entry that leads
 * out of its root, FSV_E_LIMIT, FSV_E_DEADLINE, and what fsv_package_check finds. [any thread] */
int fsv_archive_parse(struct fsv_str zip, const struct fsv_archive_limits *limits, struct fsv_arena *arena,
		      struct fsv_package *ret_package, unsigned *ret_missing, struct fsv_err *err) FSV_MUST_CHECK;

#endif
