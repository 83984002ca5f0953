/* SPDX-License-Identifier: Apache-2.0 */
#include "known.h"

#include "lib/proto/model.pb-c.h"

static const struct fsv_known_class classes[] = {
	{ "BaseHeteroFeatureSelection", "model:FeatureSelectionMeta", "model:FeatureSelectionParam" },
	{ "ColumnExpand", "model:ColumnExpandMeta", "model:ColumnExpandParam" },
	{ "DataIO", "dataio:DataIOMeta", "dataio:DataIOParam" },
	{ "DataTransform", "model:DataTransformMeta", "model:DataTransformParam" },
	{ "FeatureImputation", "model:FeatureImputationMeta", "model:FeatureImputationParam" },
	{ "FeatureSelection", "model:FeatureSelectionMeta", "model:FeatureSelectionParam" },
	{ "HeteroFMGuest", "model:HeteroFMMeta", "model:HeteroFMParam" },
	{ "HeteroFMHost", "model:HeteroFMMeta", "model:HeteroFMParam" },
	{ "HeteroFeatureBinning", "model:FeatureBinningMeta", "model:FeatureBinningParam" },
	{ "HeteroFeatureBinningGuest", "model:FeatureBinningMeta", "model:FeatureBinningParam" },
	{ "HeteroFeatureBinningHost", "model:FeatureBinningMeta", "model:FeatureBinningParam" },
	{ "HeteroFeatureSelectionGuest", "model:FeatureSelectionMeta", "model:FeatureSelectionParam" },
	{ "HeteroFeatureSelectionHost", "model:FeatureSelectionMeta", "model:FeatureSelectionParam" },
	{ "HeteroKmeansGuest", "model:HeteroKmeansMeta", "model:HeteroKmeansParam" },
	{ "HeteroKmeansHost", "model:HeteroKmeansMeta", "model:HeteroKmeansParam" },
	{ "HeteroLRGuest", "model:HeteroLogisticRegressionMeta", "model:HeteroLogisticRegressionParam" },
	{ "HeteroLRHost", "model:HeteroLogisticRegressionMeta", "model:HeteroLogisticRegressionParam" },
	{ "HeteroLinRGuest", "model:HeteroLinearRegressionMeta", "model:HeteroLinearRegressionParam" },
	{ "HeteroLinRHost", "model:HeteroLinearRegressionMeta", "model:HeteroLinearRegressionParam" },
	{ "HeteroPoissonGuest", "model:HeteroPoissonRegressionMeta", "model:HeteroPoissonRegressionParam" },
	{ "HeteroPoissonHost", "model:HeteroPoissonRegressionMeta", "model:HeteroPoissonRegressionParam" },
	{ "HeteroSecureBoostingTreeGuest", "model:HeteroSecureBoostingTreeGuestMeta",
	  "model:HeteroSecureBoostingTreeGuestParam" },
	{ "HeteroSecureBoostingTreeHost", "model:HeteroSecureBoostingTreeHostMeta",
	  "model:HeteroSecureBoostingTreeHostParam" },
	{ "HomoBinningClient", "model:FeatureBinningMeta", "model:FeatureBinningParam" },
	{ "HomoLRClient", "model:HomoLogisticRegressionMeta", "model:HomoLogisticRegressionParam" },
	{ "HomoSecureBoostingTreeClient", "model:HomoSecureBoostingTreeGuestMeta",
	  "model:HomoSecureBoostingTreeGuestParam" },
	{ "HomoOneHotBase", "model:OneHotMeta", "model:OneHotParam" },
	{ "LabelTransformer", "model:LabelTransformMeta", "model:LabelTransformParam" },
	{ "LocalBaseline", "model:LocalBaselineMeta", "model:LocalBaselineParam" },
	{ "OneHotEncoder", "model:OneHotMeta", "model:OneHotParam" },
	{ "Scale", "model:ScaleMeta", "model:ScaleParam" },
};

static const struct {
	const char *name;
	const ProtobufCMessageDescriptor *type;
} messages[] = {
	{ "ColumnExpandMeta", &fsv__column_expand_meta__descriptor },
	{ "ColumnExpandParam", &fsv__column_expand_param__descriptor },
	{ "DataIOMeta", &fsv__data_iometa__descriptor },
	{ "DataIOParam", &fsv__data_ioparam__descriptor },
	{ "DataTransformMeta", &fsv__data_iometa__descriptor },
	{ "DataTransformParam", &fsv__data_ioparam__descriptor },
	{ "FMModelMeta", &fsv__fmmodel_meta__descriptor },
	{ "FMModelParam", &fsv__fmmodel_param__descriptor },
	{ "FeatureBinningMeta", &fsv__feature_binning_meta__descriptor },
	{ "FeatureBinningParam", &fsv__feature_binning_param__descriptor },
	{ "FeatureImputationMeta", &fsv__feature_imputation_meta__descriptor },
	{ "FeatureImputationParam", &fsv__feature_imputation_param__descriptor },
	{ "FeatureSelectionMeta", &fsv__feature_selection_meta__descriptor },
	{ "FeatureSelectionParam", &fsv__feature_selection_param__descriptor },
	{ "HeteroFMMeta", &fsv__fmmodel_meta__descriptor },
	{ "HeteroFMParam", &fsv__fmmodel_param__descriptor },
	{ "HeteroKmeansMeta", &fsv__kmeans_model_meta__descriptor },
	{ "HeteroKmeansParam", &fsv__kmeans_model_param__descriptor },
	{ "HeteroLinearRegressionMeta", &fsv__lin_rmodel_meta__descriptor },
	{ "HeteroLinearRegressionParam", &fsv__lin_rmodel_param__descriptor },
	{ "HeteroLogisticRegressionMeta", &fsv__lrmodel_meta__descriptor },
	{ "HeteroLogisticRegressionParam", &fsv__lrmodel_param__descriptor },
	{ "HeteroPoissonRegressionMeta", &fsv__poisson_model_meta__descriptor },
	{ "HeteroPoissonRegressionParam", &fsv__poisson_model_param__descriptor },
	{ "HeteroSecureBoostingTreeGuestMeta", &fsv__boosting_tree_model_meta__descriptor },
	{ "HeteroSecureBoostingTreeGuestParam", &fsv__boosting_tree_model_param__descriptor },
	{ "HeteroSecureBoostingTreeHostMeta", &fsv__boosting_tree_model_meta__descriptor },
	{ "HeteroSecureBoostingTreeHostParam", &fsv__boosting_tree_model_param__descriptor },
	{ "HomoSecureBoostingTreeGuestMeta", &fsv__boosting_tree_model_meta__descriptor },
	{ "HomoSecureBoostingTreeGuestParam", &fsv__boosting_tree_model_param__descriptor },
	{ "HomoSecureBoostingTreeHostMeta", &fsv__boosting_tree_model_meta__descriptor },
	{ "HomoSecureBoostingTreeHostParam", &fsv__boosting_tree_model_param__descriptor },
	{ "HomoLogisticRegressionMeta", &fsv__lrmodel_meta__descriptor },
	{ "HomoLogisticRegressionParam", &fsv__lrmodel_param__descriptor },
	{ "LabelTransformParam", &fsv__label_transform_param__descriptor },
	{ "LocalBaselineMeta", &fsv__lrmodel_meta__descriptor },
	{ "LocalBaselineParam", &fsv__lrmodel_param__descriptor },
	{ "OneHotMeta", &fsv__one_hot_meta__descriptor },
	{ "OneHotParam", &fsv__one_hot_param__descriptor },
	{ "ScaleMeta", &fsv__scale_meta__descriptor },
	{ "ScaleParam", &fsv__scale_param__descriptor },
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
