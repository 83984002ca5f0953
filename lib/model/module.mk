SRC_lib/model := archive.c java-math.c java-order.c dsl.c known.c message-json.c model-json.c model-nodes.c model-table.c \
	models.c models-change.c models-files.c models-restore.c plan-columns.c plan-compile.c plan-explain.c plan-merge.c \
	plan-run.c plan-scan.c tokens.c ops.c ops-data-io.c ops-linear.c package.c store.c store-write.c text-store.c
DEPS_lib/model := lib/proto lib/codec lib/base
PKGS_lib/model := libzip
