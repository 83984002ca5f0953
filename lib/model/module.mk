SRC_lib/model := java-math.c java-order.c dsl.c plan-columns.c plan-compile.c plan-explain.c plan-merge.c plan-run.c \
	plan-scan.c plan-frame.c plan-order.c tokens.c weights.c remote-part.c \
	ops.c forest.c trees-answer.c trees-build.c trees-score.c ops-trees-guest.c ops-trees-homo.c ops-trees-host.c \
	ops-binning.c ops-data-io.c ops-expand.c ops-fm.c ops-imputation.c ops-label.c ops-linear.c ops-logistic.c \
	ops-one-hot.c ops-scale.c ops-scorecard.c ops-selection.c package.c model-table.c models.c store.c store-write.c
DEPS_lib/model := lib/proto lib/codec lib/base
