SRC_lib/model := archive.c java-math.c java-order.c dsl.c known.c message-json.c model-json.c model-nodes.c model-table.c \
	models.c models-change.c models-files.c models-restore.c package.c store.c store-write.c text-store.c \
	plan-columns.c plan-compile.c plan-explain.c plan-frame.c plan-fuse.c plan-merge.c plan-order.c plan-run.c plan-scan.c \
	tokens.c weights.c remote-part.c forest.c trees-answer.c trees-build.c trees-score.c \
	ops.c ops-binning.c ops-data-io.c ops-expand.c ops-fm.c ops-imputation.c ops-kmeans.c ops-label.c ops-linear.c ops-logistic.c \
	ops-one-hot.c ops-scale.c ops-scorecard.c ops-selection.c ops-trees-guest.c ops-trees-homo.c ops-trees-host.c
DEPS_lib/model := lib/proto lib/codec lib/base
PKGS_lib/model := libzip
