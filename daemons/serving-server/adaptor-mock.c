/* SPDX-License-Identifier: Apache-2.0 */
/* MockAdapter and MockBatchAdapter: the same made-up features for everybody, for trying things out. */
#include "adaptor.h"

#include "base/mem.h"

#define MOCK_FEATURES \
	"{\"x0\":1.0,\"x1\":5.0,\"x2\":13.0,\"x3\":58.0,\"x4\":95.0,\"x5\":352.0,\"x6\":418.0,\"x7\":833.0," \
	"\"x8\":888.0,\"x9\":937.0,\"x10\":32776.0}"

static int make(const struct fsv_conf *conf, const struct fsv_adaptor_env *env, struct fsv_adaptor **ret_adaptor,
		struct fsv_err *err)
{
	(void)conf;
	(void)env;
	(void)err;
	*ret_adaptor = FSV_NEW(struct fsv_adaptor);
	return 0;
}

static void find(struct fsv_adaptor *adaptor, struct fsv_lookup *lookup)
{
	(void)adaptor;
	fsv_lookup_end(lookup, 0, FSV_STR(MOCK_FEATURES));
}

static void find_batch(struct fsv_adaptor *adaptor, struct fsv_batch_lookup *lookup)
{
	(void)adaptor;
	for (size_t i = 0; i < lookup->n_rows; i++)
		lookup->rows[i].features = FSV_STR(MOCK_FEATURES);
	fsv_batch_lookup_end(lookup, 0);
}

static void release(struct fsv_adaptor *adaptor)
{
	free(adaptor);
}

const struct fsv_adaptor_kind fsv_adaptor_mock = {
	.name = "MockAdapter", .make = make, .find = find, .free = release,
};

const struct fsv_adaptor_kind fsv_adaptor_mock_batch = {
	.name = "MockBatchAdapter", .batch = true, .make = make, .find_batch = find_batch, .free = release,
};
