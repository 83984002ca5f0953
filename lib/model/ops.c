/* SPDX-License-Identifier: Apache-2.0 */
/* Which class of a DSL is which operator. */
#include "plan-private.h"

static const struct fsv_op_class classes[] = {
	{ "DataIO",			FSV_BOTH,	&fsv_op_data_io },
	{ "DataTransform",		FSV_BOTH,	&fsv_op_data_io },
	{ "HeteroLRGuest",		FSV_GUEST,	&fsv_op_logistic },
	{ "HeteroLRHost",		FSV_HOST,	&fsv_op_logistic },

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
	{ "LabelTransformer",		FSV_BOTH },
	{ "PSI",			FSV_BOTH },
	{ "PositiveUnlabeled",		FSV_BOTH },
	{ "Reader",			FSV_BOTH },
	{ "SampleWeight",		FSV_BOTH },
	{ "Sampler",			FSV_BOTH },
	{ "Union",			FSV_BOTH },
};

const struct fsv_op_class *fsv_op_class_find(struct fsv_str name)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++)
		if (fsv_str_is(name, classes[i].name))
			return &classes[i];
	return NULL;
}
