/* SPDX-License-Identifier: Apache-2.0 */
#include "dsl.h"
#include "known.h"
#include "message-json.h"
#include "model-json.h"

static void *proto_alloc(void *arena, size_t size)
{
	return fsv_arena_alloc(arena, size);
}

static void proto_free(void *arena, void *p)
{
	(void)arena, (void)p;
}

static int find_param(const struct fsv_package *package, struct fsv_str component, struct fsv_package_name *ret_name)
{
	for (size_t i = 0; i < package->n; i++) {
		struct fsv_package_name name = fsv_package_name(package->entries[i].key);

		if (name.part == FSV_PACKAGE_PARAM && fsv_str_eq(name.component, component)) {
			*ret_name = name;
			return 0;
		}
	}
	return -1;
}

static bool show(const struct fsv_package *package, struct fsv_str component, struct fsv_arena *arena,
		 struct fsv_model_node *ret_node)
{
	ProtobufCAllocator allocator = { .alloc = proto_alloc, .free = proto_free, .allocator_data = arena };
	const ProtobufCMessageDescriptor *type;
	struct fsv_package_name name;
	ProtobufCMessage *message;
	struct fsv_str bytes = FSV_STR_NULL;
	struct fsv_buf text;

	if (find_param(package, component, &name) < 0 || !(type = fsv_known_message(name.message)) ||
	    !fsv_package_param(package, component, &bytes))
		return false;
	message = protobuf_c_message_unpack(type, &allocator, bytes.n, (const uint8_t *)bytes.p);
	if (!message)
		return false;
	fsv_buf_init(&text, arena, 0);
	fsv_message_json(message, &text);
	*ret_node = (struct fsv_model_node){ .name = fsv_arena_str(arena, component), .params = fsv_buf_str(&text) };
	return true;
}

int fsv_model_nodes(const struct fsv_package *package, struct fsv_arena *arena, struct fsv_model_node **ret_nodes,
		    size_t *ret_n, struct fsv_err *err)
{
	ProtobufCAllocator allocator = { .alloc = proto_alloc, .free = proto_free, .allocator_data = arena };
	struct fsv_str bytes = fsv_package_pipeline(package);
	Fsv__Pipeline *pipeline = fsv__pipeline__unpack(&allocator, bytes.n, (const uint8_t *)bytes.p);
	struct fsv_dsl dsl;
	size_t n = 0;
	int r;

	if (!bytes.p || !pipeline)
		return fsv_err_set(err, FSV_E_MODEL_INIT, "the package has no pipeline");
	bytes = fsv_str_n((const char *)pipeline->inference_dsl.data, pipeline->inference_dsl.len);
	r = fsv_dsl_parse(bytes, arena, &dsl, err);
	if (r < 0)
		return r;
	*ret_nodes = FSV_ARENA_NEW_N(arena, struct fsv_model_node, dsl.n);
	for (unsigned i = 0; i < dsl.n; i++)
		n += show(package, dsl.components[i].name, arena, &(*ret_nodes)[n]);
	*ret_n = n;
	return 0;
}
