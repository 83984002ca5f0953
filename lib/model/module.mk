SRC_lib/model := java-math.c java-order.c dsl.c plan-columns.c plan-compile.c plan-explain.c plan-merge.c plan-run.c \
	plan-scan.c tokens.c ops.c ops-data-io.c ops-linear.c package.c model-table.c models.c models-change.c models-files.c \
	models-restore.c store.c store-write.c
DEPS_lib/model := lib/proto lib/codec lib/base
