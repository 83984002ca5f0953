/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Insides of a plan, shared by plan-*.c and ops-*.c.
 *
 * Columns and slots. A column is a name that some operator reads, numbered at compile time. A slot is
 * a place for one value in a row. Each column has one slot for the value that the request brought;
 * an operator that produces values takes further slots, so nothing is ever overwritten and sibling
 * branches of the graph cannot see each other's changes.
 *
 * Frames. What the reference hands from component to component is a map; its compile-time picture is
 * a frame: which columns there are, which of them may be absent, in which order they are iterated, in
 * which slots their values are. A closed frame lists its columns in the order they have when all are
 * there; an open one is the request's own object with some columns put in, taken away or changed. An
 * order may depend on the request: on how it names its columns, and, since the reference's maps grow
 * with what is put into them, on how many are there. Whoever sums asks for the order of the row at hand
 * (plan-order.c), which mostly is the one that was planned.
 *
 * Operators. A component of the DSL is a row of the table in ops.c. To add one: write ops-x.c with a
 * struct fsv_op_kind, add the table line, add a test.
 */
#ifndef FSV_MODEL_PLAN_PRIVATE_H
#define FSV_MODEL_PLAN_PRIVATE_H

#include "base/map.h"
#include "dsl.h"
#include "package.h"
#include "plan.h"

/* Values ---------------------------------------------------------------------------------------- */

enum fsv_cell_kind {
	FSV_CELL_ABSENT = 0,
	FSV_CELL_NULL,
	FSV_CELL_BOOL,
	FSV_CELL_INT,		/* JSON number without '.' and exponent: any size */
	FSV_CELL_DOUBLE,
	FSV_CELL_TEXT,
	FSV_CELL_OTHER,		/* list or object: never a number, never matched */
};

struct fsv_cell {
	double number;		/* when numeric */
	const char *p;		/* TEXT, BOOL, INT: its text; not NUL-terminated */
	uint32_t n;
	uint8_t kind;
	bool numeric;		/* number holds the value */
};

/* The value as Double.valueOf(text) reads it; false for what is no number. */
bool fsv_cell_text_number(const struct fsv_cell *cell, double *ret_number);

static inline bool fsv_cell_number(const struct fsv_cell *cell, double *ret_number)
{
	if (cell->numeric) {
		*ret_number = cell->number;
		return true;
	}
	return fsv_cell_text_number(cell, ret_number);
}

/* A text constant of the model, its number worked out beforehand. text must outlive the plan. */
struct fsv_cell fsv_cell_const(struct fsv_str text);

/* Columns and frames ---------------------------------------------------------------------------- */

#define FSV_NO_SLOT	UINT32_MAX
/* A slot that is always absent: stands for a column which an operator took away. */
#define FSV_EMPTY_SLOT	0

enum {
	FSV_PLAN_MAX_COLUMNS = 1 << 20,	/* a model beyond is refused */
	FSV_PLAN_MAX_SLOTS = 1 << 21,	/* of 24 bytes in each row */
};

struct fsv_column {
	const char *name;	/* fsv_column_name */
	uint32_t name_n;
	uint32_t slot;		/* of the request's value */
};

static inline struct fsv_str fsv_column_name(const struct fsv_column *column)
{
	return fsv_str_n(column->name, column->name_n);
}

struct fsv_frame_entry {
	uint32_t column, slot;
	bool maybe;		/* may be absent */
};

/* How the order of a frame comes about. */
enum fsv_order_kind {
	FSV_ORDER_REQUEST,	/* as the request names its columns */
	FSV_ORDER_MODEL,	/* as listed */
	FSV_ORDER_SAME,		/* as in the frame it was made of */
	FSV_ORDER_HASHED,	/* a HashMap's, filled in the order of the frame it was made of */
	FSV_ORDER_APPENDED,	/* as in the frame it was made of, new columns behind */
};

/* Columns that stand in place of another one: one-hot. By column of the frame before. */
struct fsv_spread {
	uint32_t *first, *n;	/* of columns[]; n 0: the column itself */
	uint32_t *columns;		/* NULL: first is the number of the first one, the others follow */
	uint32_t n_first;
};

struct fsv_order;
struct fsv_op;
struct fsv_weights;

struct fsv_frame {
	enum fsv_order_kind kind;
	const struct fsv_frame *from;	/* NULL: REQUEST and MODEL */
	unsigned capacity;		/* HASHED: initial */
	bool open;			/* the request's other columns are there too */
	bool settled;			/* closed, and absent columns do not change the order of the others */
	bool odd;			/* HASHED: the planned order holds only when nothing is absent */
	struct fsv_frame_entry *entries;
	uint32_t n, cap;
	uint32_t *place_of;		/* by column: its entry + 1, 0 where there is none */
	uint32_t n_place_of;
	struct fsv_spread *spread;	/* or NULL */
	const uint32_t *appended;	/* APPENDED: columns that come last unless they were there, in order */
	uint32_t n_appended;
	struct fsv_order *order;	/* made when somebody needs it */
	const struct fsv_op *maker;	/* NULL: nobody in particular */
	unsigned n_readers;		/* components that do something with it */
};

/* Plan and row ---------------------------------------------------------------------------------- */

struct fsv_compile;

/* What a predictor found, before it becomes JSON. */
struct fsv_result {
	double *scores;			/* in the arena */
	uint32_t n;
	bool list;			/* "score" is an array */
	struct fsv_str label;		/* .p NULL: none */
	bool has_rates;			/* factorization machines tell how much of model and input met */
	double weight_rate, input_rate;
	bool has_probability;		/* score cards tell what they were made of */
	double probability;
};

struct fsv_op_kind {
	const char *what;		/* "logistic regression": for people */
	bool predictor;			/* produces a result instead of a frame */
	/* Reads Meta and Param and adds the operator with fsv_compile_add, or adds none when there is
	 * nothing to do. *ret_out is the frame behind it (predictors leave it alone). */
	int (*compile)(struct fsv_compile *c, const struct fsv_dsl_component *component,
		       const struct fsv_frame *in, const struct fsv_frame **ret_out, struct fsv_err *err);
	int (*run)(const struct fsv_plan *plan, const struct fsv_op *op, struct fsv_row *row,
		   struct fsv_err *err);
	void (*explain)(const struct fsv_plan *plan, const struct fsv_op *op, struct fsv_buf *out);
	/* Predictors only. check: may the local result leave this process? write: its members. */
	int (*check)(const struct fsv_op *op, const struct fsv_row *row, struct fsv_err *err);
	void (*write)(const struct fsv_op *op, const struct fsv_row *row, struct fsv_jsonw *out);
	/* score: own row and the parties' answers into a result. */
	int (*score)(const struct fsv_plan *plan, const struct fsv_op *op, const struct fsv_row *row,
		     const struct fsv_remote *remotes, unsigned n_remotes, struct fsv_arena *arena,
		     struct fsv_result *ret_result, struct fsv_err *err);
	/* Predictors: the one sum that is all they read of their input, or NULL (plan-fuse.c). */
	struct fsv_weights *(*sum)(struct fsv_op *op);
	bool local;			/* predictors: the guest has all there is, nobody is asked */
	bool broken_row_is_110;		/* predictors: what a batch row without own part is told */
	bool drops_host_text;		/* predictors: the hosts' retmsg does not go along with the score */
	/* Behind a predictor only: changes its result. In front of all predictors such a component is an
	 * error, or, with passes_features, nothing. */
	int (*adjust)(const struct fsv_op *op, struct fsv_arena *arena, struct fsv_result *result,
		      struct fsv_err *err);
	bool passes_features;
};

/* First member of every operator's own struct, which lives in the plan's arena. */
struct fsv_op {
	const struct fsv_op_kind *kind;
	struct fsv_str component;
	uint32_t result_at;		/* predictors: where in row->results */
	const struct fsv_op *upstream;	/* adjusters: whose result they change */
};

/* What became of a component, for fsv_plan_explain. */
struct fsv_step {
	struct fsv_str component, class_name;
	const struct fsv_op *op;	/* NULL: passes its input on */
	bool known;			/* false: passed only because of the option */
};

struct fsv_plan {
	struct fsv_arena arena;		/* everything below */
	bool guest;
	struct fsv_column *columns;
	uint32_t n_columns;
	uint32_t *probe;		/* column + 1, 0 = free */
	uint32_t probe_mask;
	uint32_t n_slots;
	struct fsv_cell *constants;	/* texts of the model that take the place of values */
	uint32_t n_constants;
	uint32_t results_size;
	bool keep_arrival;		/* some order depends on that of the request */
	bool count_names;		/* some operator depends on how many columns the request has */
	uint32_t *hashes;		/* of the names, spread, by column; NULL: no order needs them */
	bool needs_hashes;
	bool local;			/* no partner is asked */
	struct fsv_op **ops;		/* in order of execution */
	unsigned n_ops;
	unsigned n_fused;		/* operators that are not among them, but in the hands of another */
	struct fsv_step *steps;
	unsigned n_steps;
};

struct fsv_row {
	struct fsv_cell *cells;		/* by slot */
	char *results;
	uint32_t *arrival;		/* columns in the request's order */
	uint32_t n_arrival;
	uint32_t n_foreign;		/* distinct names that the plan does not know, with count_names */
	struct fsv_arena *arena;	/* that it lives in, for what operators need on the way */
};

/* Bytes that a row takes from its arena, orders of rows that lack columns aside. */
size_t fsv_plan_row_memory(const struct fsv_plan *plan);

/* Column of that name or plan->n_columns. */
uint32_t fsv_plan_find_column(const struct fsv_plan *plan, struct fsv_str name);

/* Reads the request's object into the row (plan-scan.c). */
int fsv_plan_scan(const struct fsv_plan *plan, struct fsv_str features, struct fsv_arena *arena,
		  struct fsv_row *row, struct fsv_err *err) FSV_MUST_CHECK;

/* Error about a value: names the column, never the value. */
int fsv_row_bad_value(const struct fsv_plan *plan, const struct fsv_op *op, uint32_t column,
		      const struct fsv_cell *cell, struct fsv_err *err) FSV_COLD;

/* Compiling ------------------------------------------------------------------------------------- */

struct fsv_compile {
	struct fsv_plan *plan;
	const struct fsv_plan_opt *opt;
	const struct fsv_package *package;
	struct fsv_arena scratch;	/* dropped when the plan is done */
	const struct fsv_frame **inputs;	/* by operator as they were added */
	struct fsv_str train_conf;	/* the pipeline's train_runtime_conf */
	struct fsv_map names;		/* name -> column + 1 */
	struct fsv_map constants;	/* text -> number + 1 */
	size_t cap_constants;
	size_t cap_columns;
};

/* Memory of the plan's life time. */
static inline struct fsv_arena *fsv_compile_arena(struct fsv_compile *c)
{
	return &c->plan->arena;
}

/* Interns. FSV_E_MODEL_INIT when the name is not UTF-8 or there are too many. */
int fsv_compile_column(struct fsv_compile *c, struct fsv_str name, uint32_t *ret_column,
		       struct fsv_err *err) FSV_MUST_CHECK;
static inline uint32_t fsv_compile_slot(struct fsv_compile *c)
{
	return c->plan->n_slots++;
}
/* An empty frame with room for so many columns, all of which are interned by now; from is NULL for
 * ORDER_MODEL. An open frame's entries only say whose slot is another than the request's. */
struct fsv_frame *fsv_frame_new(struct fsv_compile *c, enum fsv_order_kind kind, const struct fsv_frame *from,
				bool open, uint32_t room);
/* Adds a column, in the order in which the reference would put it. A column that is there keeps its
 * place and gets this slot. */
void fsv_frame_put(struct fsv_frame *frame, uint32_t column, uint32_t slot, bool maybe);
/* After the last column: brings the planned order about. */
void fsv_frame_finish(struct fsv_compile *c, struct fsv_frame *frame);
/* in with other slots for some of its columns (those that in has; open frames have all). *ret_made,
 * unless NULL, gets those columns and their number is returned. */
uint32_t fsv_frame_override(struct fsv_compile *c, const struct fsv_frame *in, const uint32_t *columns, uint32_t n,
			    struct fsv_frame **ret_frame, uint32_t **ret_made);
/* Slot of a column in a frame, or FSV_NO_SLOT. */
uint32_t fsv_frame_slot(const struct fsv_plan *plan, const struct fsv_frame *frame, uint32_t column);
/* A text as a value, each only once: its number in plan->constants. */
uint32_t fsv_compile_constant(struct fsv_compile *c, const char *text);
/* Initial capacity of most of the reference's maps. */
enum { FSV_JAVA_MAP_CAPACITY = 16 };
/* Brings columns into the order in which a HashMap of that initial capacity iterates them when they
 * are put in as they stand. No column twice. */
void fsv_compile_java_order(struct fsv_compile *c, uint32_t *columns, uint32_t n, unsigned capacity);
/* Entry of a column, or NULL; open frames have only those that they change. */
static inline struct fsv_frame_entry *fsv_frame_entry(const struct fsv_frame *frame, uint32_t column)
{
	uint32_t place = column < frame->n_place_of ? frame->place_of[column] : 0;

	return place > 0 ? &frame->entries[place - 1] : NULL;
}
/* Probe table and hashes; after the last column. */
void fsv_compile_index(struct fsv_compile *c);

/* Orders of rows ---------------------------------------------------------------------------------- */

/* Columns of one row in the order of a frame. Absent ones may be among them when it is the planned order. */
struct fsv_sequence {
	const uint32_t *columns;
	uint32_t n;
	bool planned;		/* the columns of the frame's entries */
};

/* What a row needs to work out its order later; NULL when that is always the planned one. */
const struct fsv_order *fsv_compile_order(struct fsv_compile *c, const struct fsv_frame *frame);
struct fsv_sequence fsv_row_sequence(const struct fsv_plan *plan, const struct fsv_order *order,
				     const struct fsv_row *row);

/* A new operator of this size, zeroed but for its head; result_size bytes are kept for it in each row. */
struct fsv_op *fsv_compile_add(struct fsv_compile *c, const struct fsv_op_kind *kind,
			       const struct fsv_dsl_component *component, size_t size, size_t result_size);

/* Meta or Param of a component, decoded into the scratch arena. With required, absence is an error;
 * else *ret_message is the empty message. The structs are protobuf-c's. */
enum fsv_proto_part { FSV_META, FSV_PARAM };
struct ProtobufCMessage;
struct ProtobufCMessageDescriptor;
int fsv_compile_proto(struct fsv_compile *c, const struct fsv_dsl_component *component,
		      enum fsv_proto_part part, bool required,
		      const struct ProtobufCMessageDescriptor *descriptor,
		      struct ProtobufCMessage **ret_message, struct fsv_err *err) FSV_MUST_CHECK;

/* Classes --------------------------------------------------------------------------------------- */

enum fsv_role { FSV_GUEST = 1, FSV_HOST = 2, FSV_BOTH = 3 };

struct fsv_op_class {
	const char *name;
	enum fsv_role role;
	const struct fsv_op_kind *kind;	/* NULL: rightly passes its input on */
	const char *refused;		/* why no model with it can be served */
};

/* By the last part of CodePath, exactly; NULL when unknown. */
const struct fsv_op_class *fsv_op_class_find(struct fsv_str name);

extern const struct fsv_op_kind fsv_op_data_io;
extern const struct fsv_op_kind fsv_op_binning;
extern const struct fsv_op_kind fsv_op_expand;
extern const struct fsv_op_kind fsv_op_fm;
extern const struct fsv_op_kind fsv_op_homo_logistic;
extern const struct fsv_op_kind fsv_op_imputation;
extern const struct fsv_op_kind fsv_op_kmeans;
extern const struct fsv_op_kind fsv_op_label;
extern const struct fsv_op_kind fsv_op_linear;
extern const struct fsv_op_kind fsv_op_local_baseline;
extern const struct fsv_op_kind fsv_op_logistic;
extern const struct fsv_op_kind fsv_op_one_hot;
extern const struct fsv_op_kind fsv_op_poisson;
extern const struct fsv_op_kind fsv_op_scale;
extern const struct fsv_op_kind fsv_op_scorecard;
extern const struct fsv_op_kind fsv_op_selection;
extern const struct fsv_op_kind fsv_op_trees_guest;
extern const struct fsv_op_kind fsv_op_trees_homo;
extern const struct fsv_op_kind fsv_op_trees_host;

#endif
