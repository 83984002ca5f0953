/* SPDX-License-Identifier: Apache-2.0 */
/* Which class of a DSL is which operator. */
#include "plan-private.h"

#define NEURAL	"its layers are pickled objects of a Python library"

static const struct fsv_op_class classes[] = {
	{ "BaseHeteroFeatureSelection",	FSV_BOTH,	&fsv_op_selection },
	{ "ColumnExpand",		FSV_BOTH,	&fsv_op_expand },
	{ "DataIO",			FSV_BOTH,	&fsv_op_data_io },
	{ "DataTransform",		FSV_BOTH,	&fsv_op_data_io },
	{ "FeatureImputation",		FSV_BOTH,	&fsv_op_imputation },
	{ "FeatureSelection",		FSV_BOTH,	&fsv_op_selection },
	{ "HeteroFMGuest",		FSV_GUEST,	&fsv_op_fm },
	{ "HeteroFMHost",		FSV_HOST,	&fsv_op_fm },
	{ "HeteroFeatureBinning",	FSV_BOTH,	&fsv_op_binning },
	{ "HeteroFeatureBinningGuest",	FSV_BOTH,	&fsv_op_binning },
	{ "HeteroFeatureBinningHost",	FSV_BOTH,	&fsv_op_binning },
	{ "HeteroFeatureSelectionGuest", FSV_BOTH,	&fsv_op_selection },
	{ "HeteroFeatureSelectionHost",	FSV_BOTH,	&fsv_op_selection },
	{ "HeteroKmeansGuest",		FSV_GUEST,	&fsv_op_kmeans },
	{ "HeteroKmeansHost",		FSV_HOST,	&fsv_op_kmeans },
	{ "HeteroLRGuest",		FSV_GUEST,	&fsv_op_logistic },
	{ "HeteroLRHost",		FSV_HOST,	&fsv_op_logistic },
	{ "HeteroLinRGuest",		FSV_GUEST,	&fsv_op_linear },
	{ "HeteroLinRHost",		FSV_HOST,	&fsv_op_linear },
	{ "HeteroPoissonGuest",		FSV_GUEST,	&fsv_op_poisson },
	{ "HeteroPoissonHost",		FSV_HOST,	&fsv_op_poisson },
	{ "HeteroSecureBoostingTreeGuest", FSV_GUEST,	&fsv_op_trees_guest },
	{ "HeteroSecureBoostingTreeHost", FSV_HOST,	&fsv_op_trees_host },
	{ "HomoBinningClient",		FSV_BOTH,	&fsv_op_binning },
	{ "HomoLRClient",		FSV_BOTH,	&fsv_op_homo_logistic },
	{ "HomoOneHotBase",		FSV_BOTH,	&fsv_op_one_hot },
	{ "HomoSecureBoostingTreeClient", FSV_BOTH,	&fsv_op_trees_homo },
	{ "LabelTransformer",		FSV_BOTH,	&fsv_op_label },
	{ "LocalBaseline",		FSV_BOTH,	&fsv_op_local_baseline },
	{ "OneHotEncoder",		FSV_BOTH,	&fsv_op_one_hot },
	{ "Scale",			FSV_BOTH,	&fsv_op_scale },
	{ "Scorecard",			FSV_BOTH,	&fsv_op_scorecard },

	/* These do something in training or evaluation only. */
	{ "DataStatistics",		FSV_BOTH },
	{ "Evaluation",			FSV_BOTH },
	{ "FederatedSample",		FSV_BOTH },
	{ "HeteroDataSplitGuest",	FSV_BOTH },
	{ "HeteroDataSplitHost",	FSV_BOTH },
	{ "HeteroPearson",		FSV_BOTH },
	{ "HomoDataSplitGuest",		FSV_BOTH },
	{ "HomoDataSplitHost",		FSV_BOTH },
	{ "IntersectGuest",		FSV_BOTH },
	{ "IntersectHost",		FSV_BOTH },
	{ "Intersection",		FSV_BOTH },
	{ "PSI",			FSV_BOTH },
	{ "PositiveUnlabeled",		FSV_BOTH },
	{ "Reader",			FSV_BOTH },
	{ "SampleWeight",		FSV_BOTH },
	{ "Sampler",			FSV_BOTH },
	{ "Union",			FSV_BOTH },

	/* These cannot be served. */
	{ "FTLGuest",			FSV_BOTH,	.refused = NEURAL },
	{ "FTLHost",			FSV_BOTH,	.refused = NEURAL },
	{ "HeteroNNGuest",		FSV_BOTH,	.refused = NEURAL },
	{ "HeteroNNHost",		FSV_BOTH,	.refused = NEURAL },
	{ "HomoNNClient",		FSV_BOTH,	.refused = NEURAL },
};

const struct fsv_op_class *fsv_op_class_find(struct fsv_str name)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++)
		if (fsv_str_is(name, classes[i].name))
			return &classes[i];
	return NULL;
}
