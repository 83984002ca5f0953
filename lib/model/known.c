/* SPDX-License-Identifier: Apache-2.0 */
#include "known.h"

#include "lib/proto/model.pb-c.h"

static const struct fsv_known_class classes[] = {
	{ "DataIO", "dataio:DataIOMeta", "dataio:DataIOParam" },
	{ "DataTransform", "model:DataTransformMeta", "model:DataTransformParam" },
	{ "HeteroLRGuest", "model:HeteroLogisticRegressionMeta", "model:HeteroLogisticRegressionParam" },
	{ "HeteroLRHost", "model:HeteroLogisticRegressionMeta", "model:HeteroLogisticRegressionParam" },
};

static const struct {
	const char *name;
	const ProtobufCMessageDescriptor *type;
} messages[] = {
	{ "DataIOMeta", &fsv__data_iometa__descriptor },
	{ "DataIOParam", &fsv__data_ioparam__descriptor },
	{ "DataTransformMeta", &fsv__data_iometa__descriptor },
	{ "DataTransformParam", &fsv__data_ioparam__descriptor },
	{ "HeteroLogisticRegressionMeta", &fsv__lrmodel_meta__descriptor },
	{ "HeteroLogisticRegressionParam", &fsv__lrmodel_param__descriptor },
	{ "HomoLogisticRegressionMeta", &fsv__lrmodel_meta__descriptor },
	{ "HomoLogisticRegressionParam", &fsv__lrmodel_param__descriptor },
	{ "LocalBaselineMeta", &fsv__lrmodel_meta__descriptor },
	{ "LocalBaselineParam", &fsv__lrmodel_param__descriptor },
};

const struct fsv_known_class *fsv_known_class(struct fsv_str code_path)
{
	size_t from = 0;

	for (size_t i = 0; i < code_path.n; i++)
		if (code_path.p[i] == '/')
			from = i + 1;
	for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++)
		if (fsv_str_is(fsv_str_sub(code_path, from, code_path.n), classes[i].name))
			return &classes[i];
	return NULL;
}

const ProtobufCMessageDescriptor *fsv_known_message(struct fsv_str message)
{
	for (size_t i = 0; i < sizeof(messages) / sizeof(*messages); i++)
		if (fsv_str_is(message, messages[i].name))
			return messages[i].type;
	return NULL;
}

const ProtobufCMessageDescriptor *fsv_known_pipeline(void)
{
	return &fsv__pipeline__descriptor;
}
