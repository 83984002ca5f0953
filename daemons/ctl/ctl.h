/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fate-servingctl: one subcommand, one function. It gets the arguments behind its name (argv[0] is the name
 * itself), prints results to stdout, everything else to stderr, and returns the exit status.
 */
#ifndef FSV_CTL_CTL_H
#define FSV_CTL_CTL_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

enum fsv_ctl_exit { FSV_CTL_OK = 0, FSV_CTL_FAILURE = 1, FSV_CTL_USAGE = 2 };

struct fsv_ctl_command {
	const char *name;		/* "import", "model show" */
	const char *arguments;		/* as they stand in the usage line */
	const char *summary;		/* one line */
	const char *options;		/* for --help: lines with their line ends */
	int (*run)(int argc, char **argv);
};

/* Finds the subcommand and runs it. */
int fsv_ctl_main(int argc, char **argv);

int fsv_ctl_import(int argc, char **argv);
int fsv_ctl_model_show(int argc, char **argv);
int fsv_ctl_model_pack(int argc, char **argv);
int fsv_ctl_model_list(int argc, char **argv);
int fsv_ctl_model_load(int argc, char **argv);
int fsv_ctl_model_bind(int argc, char **argv);
int fsv_ctl_model_unbind(int argc, char **argv);
int fsv_ctl_model_unload(int argc, char **argv);
int fsv_ctl_model_fetch(int argc, char **argv);
int fsv_ctl_status(int argc, char **argv);
int fsv_ctl_top(int argc, char **argv);
int fsv_ctl_trace(int argc, char **argv);
int fsv_ctl_tls_ca(int argc, char **argv);
int fsv_ctl_tls_cert(int argc, char **argv);
int fsv_ctl_tls_show(int argc, char **argv);
int fsv_ctl_model_score(int argc, char **argv);
int fsv_ctl_admin_passwd(int argc, char **argv);
int fsv_ctl_registry_tree(int argc, char **argv);
int fsv_ctl_registry_services(int argc, char **argv);

/* Messages: "fate-servingctl: <text>". Return FSV_CTL_FAILURE and FSV_CTL_USAGE. */
int fsv_ctl_fail(const struct fsv_err *err) FSV_COLD;
int fsv_ctl_usage(const char *fmt, ...) FSV_PRINTF(1, 2) FSV_COLD;
void fsv_ctl_note(const char *fmt, ...) FSV_PRINTF(1, 2) FSV_COLD;

/* To stdout. FSV_CTL_OK or, with a message, FSV_CTL_FAILURE. */
int fsv_ctl_print(struct fsv_str text);
/* To a file with mode 0640, whole or not at all. An existing one is an error without force. */
int fsv_ctl_write(const char *path, struct fsv_str data, bool force, struct fsv_err *err) FSV_MUST_CHECK;

#endif
