/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two kinds of feature files. All: every line is "name:number,name:number…", and all lines together are
 * the features of everybody. By id: a line is "id,name:number;name:number…".
 *
 * Numbers are what Java's Double.valueOf takes, names stand as they are, separators may be repeated. Features
 * come in the order in which Java's HashMap would give them.
 */
#ifndef FSV_SERVER_FEATURE_FILE_H
#define FSV_SERVER_FEATURE_FILE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/map.h"
#include "base/str.h"

enum { FSV_FEATURE_FILE_MAX = 256 << 20 };

/* Features of all lines as one JSON object in the arena. FSV_E_SYNTAX names the line. */
int fsv_feature_file_all(struct fsv_str text, struct fsv_arena *arena, struct fsv_str *ret_features,
			 struct fsv_err *err) FSV_MUST_CHECK;

/* Puts a struct fsv_str *, the features as a JSON object in the arena, for each id into map. At a bad line it
 * stops with FSV_E_SYNTAX; what stood before it is in the map. Blank lines are skipped. */
int fsv_feature_file_by_id(struct fsv_str text, struct fsv_arena *arena, struct fsv_map *map,
			   struct fsv_err *err) FSV_MUST_CHECK;

#endif
