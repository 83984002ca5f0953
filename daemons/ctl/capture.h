/* SPDX-License-Identifier: Apache-2.0 */
/* The standard output of another program. */
#ifndef FSV_CTL_CAPTURE_H
#define FSV_CTL_CAPTURE_H

#include "base/buf.h"
#include "base/err.h"

/* Runs argv (found in PATH, no shell), its standard error dropped, and appends what it prints to out, at most to
 * out's limit. The exit status, or negative: -ENOENT when there is no such program. [blocks] */
int fsv_ctl_capture(const char *const *argv, struct fsv_buf *out, struct fsv_err *err) FSV_MUST_CHECK;

#endif
