/* SPDX-License-Identifier: Apache-2.0 */
/* A package into a plan: the DSL's components in order, each compiled against the frame it reads. */
#include "plan-private.h"

#include "base/mem.h"
#include "lib/proto/model.pb-c.h"
#include "plan-fuse.h"

/* What a component hands on. */
struct output {
	const struct fsv_frame *frame;	/* NULL: a predictor's result */
	const struct fsv_op *op;	/* whose result */
};

static void *proto_alloc(void *arena, size_t size)
{
	return fsv_arena_alloc(arena, size);
}

static void proto_free(void *arena, void *p)
{
	(void)arena, (void)p;
}

static ProtobufCAllocator proto_allocator(struct fsv_compile *c)
{
	return (ProtobufCAllocator){
		.alloc = proto_alloc, .free = proto_free, .allocator_data = &c->scratch,
	};
}

int fsv_compile_proto(struct fsv_compile *c, const struct fsv_dsl_component *component,
		      enum fsv_proto_part part, bool required,
		      const struct ProtobufCMessageDescriptor *descriptor,
		      struct ProtobufCMessage **ret_message, struct fsv_err *err)
{
	const char *what = part == FSV_META ? "Meta" : "Param";
	ProtobufCAllocator allocator = proto_allocator(c);
	struct fsv_str bytes = FSV_STR_NULL;
	ProtobufCMessage *message;
	bool found;

	if (part == FSV_META)
		found = fsv_package_meta(c->package, component->name, &bytes);
	else
		found = fsv_package_param(c->package, component->name, &bytes);
	if (!found && required)
		return fsv_err_set(err, FSV_E_MODEL_INIT, "the package has no %s for it", what);
	message = protobuf_c_message_unpack(descriptor, &allocator, bytes.n, (const uint8_t *)bytes.p);
	if (!message)
		return fsv_err_set(err, FSV_E_MODEL_INIT, "its %s is not a valid %s", what,
				   descriptor->short_name);
	*ret_message = message;
	return 0;
}

struct fsv_op *fsv_compile_add(struct fsv_compile *c, const struct fsv_op_kind *kind,
			       const struct fsv_dsl_component *component, size_t size, size_t result_size)
{
	struct fsv_plan *plan = c->plan;
	struct fsv_op *op = fsv_arena_zalloc(&plan->arena, size);

	op->kind = kind;
	op->component = fsv_arena_str(&plan->arena, component->name);
	op->result_at = plan->results_size;
	/* Cells follow the results in a row's block: keep them aligned. */
	plan->results_size += (uint32_t)((result_size + 15) & ~(size_t)15);
	plan->ops[plan->n_ops++] = op;
	return op;
}

/* A component that changes what a predictor found. */
static int compile_adjuster(struct fsv_compile *c, const struct fsv_dsl_component *component,
			    const struct fsv_op_kind *kind, const struct output *in, struct output *out,
			    struct fsv_err *err)
{
	unsigned at = c->plan->n_ops;
	int r;

	if (in->frame && kind->passes_features)
		return 0;
	if (in->frame)
		return fsv_err_set(err, FSV_E_MODEL_INIT, "it needs a score and stands behind no predictor");
	r = kind->compile(c, component, NULL, NULL, err);
	if (r == 0 && c->plan->n_ops > at) {
		c->plan->ops[at]->upstream = in->op;
		out->op = c->plan->ops[at];
	}
	return r;
}

static int compile_known(struct fsv_compile *c, const struct fsv_dsl_component *component,
			 const struct fsv_op_class *class, const struct output *in, struct output *out,
			 struct fsv_err *err)
{
	unsigned at = c->plan->n_ops;
	int r;

	*out = *in;
	if (class->refused)
		return fsv_err_set(err, FSV_E_MODEL_INIT, "this class is not supported: %s", class->refused);
	if (!(class->role & (c->opt->guest ? FSV_GUEST : FSV_HOST)))
		return fsv_err_set(err, FSV_E_MODEL_INIT, "this class belongs into the model of a %s",
				   c->opt->guest ? "host" : "guest");
	if (!class->kind)
		return 0;
	if (class->kind->adjust)
		return compile_adjuster(c, component, class->kind, in, out, err);
	if (!in->frame)
		return fsv_err_set(err, FSV_E_MODEL_INIT,
				   "it stands behind a predictor and cannot use a score");
	r = class->kind->compile(c, component, in->frame, &out->frame, err);
	if (r == 0 && class->kind->predictor) {
		out->frame = NULL;
		out->op = c->plan->ops[at];
	}
	return r;
}

/* Who reads and who makes which frame. */
static void note_frames(struct fsv_compile *c, unsigned n_ops, const struct fsv_frame *in, const struct fsv_frame *out)
{
	struct fsv_plan *plan = c->plan;

	for (unsigned i = n_ops; i < plan->n_ops; i++)
		c->inputs[i] = in;
	if (in && (plan->n_ops > n_ops || out != in))
		((struct fsv_frame *)in)->n_readers++;
	if (out && out != in && plan->n_ops > n_ops)
		((struct fsv_frame *)out)->maker = plan->ops[n_ops];
}

static int compile_component(struct fsv_compile *c, const struct fsv_dsl_component *component,
			     const struct output *in, struct output *out, struct fsv_err *err)
{
	const struct fsv_op_class *class = fsv_op_class_find(component->class_name);
	struct fsv_plan *plan = c->plan;
	unsigned n_ops = plan->n_ops;
	const struct fsv_op *op;
	int r = 0;

	*out = *in;
	if (class)
		r = compile_known(c, component, class, in, out, err);
	else if (!c->opt->pass_unknown)
		r = fsv_err_set(err, FSV_E_MODEL_INIT, "this class is not supported");
	if (r < 0) {
		(void)fsv_err_wrap(err, "component %.*s (%.*s)", FSV_STR_ARG(component->name),
				   FSV_STR_ARG(component->class_name));
		return r;
	}
	note_frames(c, n_ops, in->frame, out->frame);
	op = plan->n_ops > n_ops ? plan->ops[n_ops] : NULL;
	plan->steps[plan->n_steps++] = (struct fsv_step){
		.component = op ? op->component : fsv_arena_str(&plan->arena, component->name),
		.class_name = class ? fsv_str(class->name) : fsv_arena_str(&plan->arena, component->class_name),
		.op = op,
		.known = class != NULL,
	};
	return 0;
}

static int read_dsl(struct fsv_compile *c, struct fsv_dsl *ret_dsl, struct fsv_err *err)
{
	struct fsv_str bytes = fsv_package_pipeline(c->package);
	ProtobufCAllocator allocator = proto_allocator(c);
	Fsv__Pipeline *pipeline;

	if (!bytes.p)
		return fsv_err_set(err, FSV_E_MODEL_INIT, "the package has no pipeline");
	pipeline = fsv__pipeline__unpack(&allocator, bytes.n, (const uint8_t *)bytes.p);
	if (!pipeline)
		return fsv_err_set(err, FSV_E_MODEL_INIT, "the pipeline is not a valid Pipeline");
	c->train_conf = fsv_str_n((const char *)pipeline->train_runtime_conf.data, pipeline->train_runtime_conf.len);
	bytes = fsv_str_n((const char *)pipeline->inference_dsl.data, pipeline->inference_dsl.len);
	return fsv_dsl_parse(bytes, &c->scratch, ret_dsl, err);
}

static int check_predictors(struct fsv_plan *plan, struct fsv_err *err)
{
	unsigned found = 0, local = 0;

	for (unsigned i = 0; i < plan->n_ops; i++) {
		found += plan->ops[i]->kind->predictor;
		local += plan->ops[i]->kind->predictor && plan->ops[i]->kind->local;
	}
	plan->local = found == local;
	if (found > 0)
		return 0;
	return fsv_err_set(err, FSV_E_MODEL_INIT, "the pipeline has no component that computes a score");
}

static int compile(struct fsv_compile *c, struct fsv_err *err)
{
	struct fsv_plan *plan = c->plan;
	struct output features = { 0 }, *outputs;
	struct fsv_frame *request;
	struct fsv_dsl dsl;
	int r;

	r = read_dsl(c, &dsl, err);
	if (r < 0)
		return r;
	plan->guest = c->opt->guest;
	plan->ops = FSV_ARENA_NEW_N(&plan->arena, struct fsv_op *, dsl.n);
	plan->steps = FSV_ARENA_NEW_N(&plan->arena, struct fsv_step, dsl.n);
	c->inputs = FSV_ARENA_NEW_N(&c->scratch, const struct fsv_frame *, dsl.n);
	outputs = FSV_ARENA_NEW_N(&c->scratch, struct output, dsl.n);
	plan->n_slots = FSV_EMPTY_SLOT + 1;
	request = fsv_frame_new(c, FSV_ORDER_REQUEST, NULL, true, 0);
	fsv_frame_finish(c, request);
	features.frame = request;
	for (unsigned i = 0; i < dsl.n; i++) {
		const struct fsv_dsl_component *component = &dsl.components[i];
		int from = component->n_inputs > 0 ? component->inputs[0] : FSV_DSL_ARGS;

		/* As in the reference, a component looks at its first input alone. */
		r = compile_component(c, component, from == FSV_DSL_ARGS ? &features : &outputs[from],
				      &outputs[i], err);
		if (r < 0)
			return r;
		/* A component adds at most one slot for each column, so checking here is soon enough. */
		if (plan->n_slots > FSV_PLAN_MAX_SLOTS)
			return fsv_err_set(err, FSV_E_MODEL_INIT,
					   "the pipeline needs more than %d values for a person",
					   FSV_PLAN_MAX_SLOTS);
	}
	r = check_predictors(plan, err);
	if (r < 0)
		return r;
	fsv_compile_fuse(c);
	fsv_compile_index(c);
	return 0;
}

int fsv_plan_compile(const struct fsv_package *package, const struct fsv_plan_opt *opt,
		     struct fsv_plan **ret_plan, struct fsv_err *err)
{
	struct fsv_compile c = { .opt = opt, .package = package };
	int r;

	c.plan = FSV_NEW(struct fsv_plan);
	fsv_arena_init_steady(&c.plan->arena, 256);
	fsv_arena_init(&c.scratch, 64 * 1024);
	fsv_map_init(&c.names);
	fsv_map_init(&c.constants);
	r = compile(&c, err);
	fsv_map_done(&c.names);
	fsv_map_done(&c.constants);
	fsv_arena_done(&c.scratch);
	if (r < 0)
		fsv_plan_free(c.plan);
	else
		*ret_plan = c.plan;
	return r;
}

struct fsv_plan *fsv_plan_free(struct fsv_plan *plan)
{
	if (plan) {
		fsv_arena_done(&plan->arena);
		free(plan);
	}
	return NULL;
}

size_t fsv_plan_memory(const struct fsv_plan *plan)
{
	return sizeof(*plan) + plan->arena.total;
}
