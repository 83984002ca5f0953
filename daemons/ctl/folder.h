/* SPDX-License-Identifier: Apache-2.0 */
/* Models on disk: a server's folder .fate with its stores, or one model file. */
#ifndef FSV_CTL_FOLDER_H
#define FSV_CTL_FOLDER_H

#include "text.h"

/* What the stores of one folder say. */
struct fsv_ctl_folder {
	const char *path;
	struct fsv_stored_model *models;
	size_t n_models;
	struct fsv_stored_binding *bindings;
	size_t n_bindings;
};

/* Reads the stores of a folder, whichever are there. An error for one that cannot be read. */
int fsv_ctl_folder_read(const char *path, struct fsv_arena *arena, struct fsv_ctl_folder *ret_folder,
			struct fsv_err *err) FSV_MUST_CHECK;

/* Reads a model file. Whose it is tells the folder if it names that file, else the file's own name
 * (model_<tableName>_<namespace>_cache), else nothing. */
int fsv_ctl_file_read(const struct fsv_ctl_folder *folder, const char *file, struct fsv_arena *arena,
		      struct fsv_ctl_text *ret_text, struct fsv_err *err) FSV_MUST_CHECK;

/* "model_<key>_cache" */
const char *fsv_ctl_file_name(struct fsv_str key, struct fsv_arena *arena);

#endif
