/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Java's object serialization, protocol 2, as the grammar of its specification has it. Class descriptors,
 * strings, arrays and objects get handles in the order in which they begin; a later reference names one
 * of them. Every value takes at least one byte of input, so the work is linear; what a byte can make grow
 * in memory is bounded by VALUES_MAX.
 *
 * The first fault sticks: from then on the reader stands at the end of the input, everything reads as
 * zero or null, and every loop ends.
 */
#include "java-stream.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"
#include "java-text.h"

enum {
	DEPTH_MAX = 64,			/* values inside values, and classes above a class */
	VALUES_MAX = 8 << 20,
	HANDLE_BASE = 0x7e0000,
};

enum tag {
	TC_NULL = 0x70,
	TC_REFERENCE = 0x71,
	TC_CLASSDESC = 0x72,
	TC_OBJECT = 0x73,
	TC_STRING = 0x74,
	TC_ARRAY = 0x75,
	TC_BLOCKDATA = 0x77,
	TC_ENDBLOCKDATA = 0x78,
	TC_BLOCKDATALONG = 0x7a,
	TC_LONGSTRING = 0x7c,
	TC_ENUM = 0x7e,
};

enum class_flags {
	SC_WRITE_METHOD = 0x01,
	SC_SERIALIZABLE = 0x02,
	SC_ENUM = 0x10,
};

struct class_field {
	char type;
	struct fsv_str name;
};

struct class_desc {
	struct fsv_str name;
	unsigned flags;
	struct class_field *fields;
	unsigned n_fields;
	struct class_desc *super;
	unsigned height;		/* classes above it */
};

struct handle {
	struct class_desc *class;	/* one of the two */
	struct fsv_java_value *value;
	bool open;			/* still being read: a reference to it would be a cycle */
};

struct reader {
	const unsigned char *p, *end, *start;
	struct fsv_arena *arena;
	struct handle *handles;
	size_t n_handles, cap_handles;
	size_t n_values;
	unsigned depth;
	int fault;			/* code of the first fault */
	struct fsv_err *err;
};

/* Nobody writes through a value, so one null is enough. */
static struct fsv_java_value null_value = { .type = FSV_JAVA_NULL };

static struct fsv_java_value *read_value(struct reader *r);
static struct class_desc *read_class(struct reader *r);

static void fail_code(struct reader *r, int code, const char *why)
{
	if (!r->fault)
		r->fault = fsv_err_set(r->err, code, "byte %zu: %s", (size_t)(r->p - r->start), why);
	r->p = r->end;
}

static void fail(struct reader *r, const char *why)
{
	fail_code(r, FSV_E_SYNTAX, why);
}

/* Everything that costs memory is counted before it gets any. */
static void count(struct reader *r, uint64_t n)
{
	if (n > VALUES_MAX - r->n_values)
		fail_code(r, FSV_E_LIMIT, "more values than a store of models can have");
	else
		r->n_values += (size_t)n;
}

/* Bytes ----------------------------------------------------------------------------------------- */

/* The next n bytes; an empty text when there are not as many. */
static struct fsv_str bytes(struct reader *r, uint64_t n)
{
	struct fsv_str b;

	if (n > (size_t)(r->end - r->p)) {
		fail(r, "the stream ends in the middle of a value");
		return FSV_STR("");
	}
	b = fsv_str_n((const char *)r->p, (size_t)n);
	r->p += n;
	return b;
}

/* Big-endian, n <= 8. */
static uint64_t number(struct reader *r, unsigned n)
{
	struct fsv_str b = bytes(r, n);
	uint64_t v = 0;

	for (size_t i = 0; i < b.n; i++)
		v = v << 8 | (unsigned char)b.p[i];
	return v;
}

/* A length of so many bytes, then the text. */
static struct fsv_str text(struct reader *r, unsigned length_bytes)
{
	struct fsv_str in = bytes(r, number(r, length_bytes)), out = FSV_STR_NULL;

	if (!fsv_java_text_decode(in, r->arena, &out))
		fail(r, "a text is not in Java's modified UTF-8");
	return out;
}

/* Handles --------------------------------------------------------------------------------------- */

/* The next handle, open. Its number is stable, its address is not. */
static size_t add_handle(struct reader *r, struct class_desc *class, struct fsv_java_value *value)
{
	if (r->n_handles == r->cap_handles) {
		r->cap_handles = r->cap_handles ? r->cap_handles * 2 : 256;
		r->handles = fsv_realloc(r->handles, r->cap_handles, sizeof(*r->handles));
	}
	r->handles[r->n_handles] = (struct handle){ .class = class, .value = value, .open = true };
	return r->n_handles++;
}

static struct handle reference(struct reader *r)
{
	uint64_t at = number(r, 4) - HANDLE_BASE;

	if (at >= r->n_handles)
		fail(r, "a reference to something that did not come before");
	else if (r->handles[at].open)
		fail(r, "an object that contains itself");
	else
		return r->handles[at];
	return (struct handle){ .value = NULL };
}

static struct fsv_java_value *new_value(struct reader *r, enum fsv_java_type type)
{
	struct fsv_java_value *value;

	count(r, 1);
	value = FSV_ARENA_NEW(r->arena, struct fsv_java_value);
	value->type = type;
	return value;
}

/* Classes --------------------------------------------------------------------------------------- */

static void read_class_field(struct reader *r, struct class_field *field)
{
	field->type = (char)number(r, 1);
	field->name = text(r, 2);
	if (!field->type || !strchr("BCDFIJSZL[", field->type))
		fail(r, "a field of an unknown type");
	/* The type of what is no primitive is a string of its own; only its handle matters. */
	else if ((field->type == 'L' || field->type == '[') && read_value(r)->type != FSV_JAVA_STRING)
		fail(r, "the type of a field is not a text");
}

static void read_class_fields(struct reader *r, struct class_desc *class)
{
	unsigned n = (unsigned)number(r, 2);

	count(r, n);
	if (r->fault)
		return;
	class->fields = FSV_ARENA_NEW_N(r->arena, struct class_field, n);
	for (; class->n_fields < n && !r->fault; class->n_fields++)
		read_class_field(r, &class->fields[class->n_fields]);
}

static struct class_desc *new_class(struct reader *r)
{
	struct class_desc *class = FSV_ARENA_NEW(r->arena, struct class_desc);
	size_t handle;

	count(r, 1);
	class->name = text(r, 2);
	(void)number(r, 8);	/* serialVersionUID: fields are matched by name */
	handle = add_handle(r, class, NULL);
	class->flags = (unsigned)number(r, 1);
	/* What Java calls externalizable has a format of its own. */
	if (class->flags != SC_SERIALIZABLE && class->flags != (SC_SERIALIZABLE | SC_WRITE_METHOD) &&
	    class->flags != (SC_SERIALIZABLE | SC_ENUM))
		fail(r, "a class that is not stored field by field");
	read_class_fields(r, class);
	if (number(r, 1) != TC_ENDBLOCKDATA)
		fail(r, "a class with annotations");
	class->super = read_class(r);
	class->height = class->super ? class->super->height + 1 : 0;
	if (class->height >= DEPTH_MAX)
		fail_code(r, FSV_E_LIMIT, "a class with too many classes above it");
	r->handles[handle].open = false;
	return class;
}

/* A descriptor or a reference to one; NULL when there is none. */
static struct class_desc *read_class(struct reader *r)
{
	struct class_desc *class = NULL;

	if (r->depth >= DEPTH_MAX) {
		fail_code(r, FSV_E_LIMIT, "nested too deeply");
		return NULL;
	}
	r->depth++;
	switch (number(r, 1)) {
	case TC_NULL:
		break;
	case TC_REFERENCE:
		class = reference(r).class;
		if (!class)
			fail(r, "a reference to a class names something else");
		break;
	case TC_CLASSDESC:
		class = new_class(r);
		break;
	default:
		fail(r, "no class where one is due");
	}
	r->depth--;
	return class;
}

/* The class of a value: never NULL. */
static const struct class_desc *class_of_value(struct reader *r)
{
	static const struct class_desc none = { .name = { "", 0 } };
	const struct class_desc *class = read_class(r);

	if (!class)
		fail(r, "a value without a class");
	return class ? class : &none;
}

/* Values ---------------------------------------------------------------------------------------- */

static double single(uint64_t bits)
{
	uint32_t low = (uint32_t)bits;
	float f;

	memcpy(&f, &low, sizeof(f));
	return (double)f;
}

static struct fsv_java_value *read_primitive(struct reader *r, char type)
{
	bool is_float = type == 'F' || type == 'D';
	struct fsv_java_value *value = new_value(r, is_float ? FSV_JAVA_FLOAT : FSV_JAVA_INT);
	uint64_t bits;

	switch (type) {
	case 'B': value->i = (int8_t)number(r, 1); break;
	case 'Z': value->i = number(r, 1) != 0; break;
	case 'C': value->i = (uint16_t)number(r, 2); break;
	case 'S': value->i = (int16_t)number(r, 2); break;
	case 'I': value->i = (int32_t)number(r, 4); break;
	case 'J': value->i = (int64_t)number(r, 8); break;
	case 'F': value->f = single(number(r, 4)); break;
	case 'D':
		bits = number(r, 8);
		memcpy(&value->f, &bits, sizeof(value->f));
	}
	return value;
}

static struct fsv_java_value *read_element(struct reader *r, char type)
{
	return type == 'L' || type == '[' ? read_value(r) : read_primitive(r, type);
}

static struct fsv_java_value *read_string(struct reader *r, unsigned length_bytes)
{
	struct fsv_java_value *value = new_value(r, FSV_JAVA_STRING);
	size_t handle = add_handle(r, NULL, value);

	value->text = text(r, length_bytes);
	r->handles[handle].open = false;
	return value;
}

static struct fsv_java_value *read_enum(struct reader *r)
{
	const struct class_desc *class = class_of_value(r);
	struct fsv_java_value *value = new_value(r, FSV_JAVA_OBJECT);
	size_t handle = add_handle(r, NULL, value);
	const struct fsv_java_value *name = read_value(r);

	if (name->type != FSV_JAVA_STRING)
		fail(r, "the name of an enumeration's constant is not a text");
	value->class_name = class->name;
	value->text = name->text;
	r->handles[handle].open = false;
	return value;
}

static void read_elements(struct reader *r, char type, struct fsv_java_value *array)
{
	uint64_t n = number(r, 4);

	if (type == 'B') {
		array->text = fsv_arena_str(r->arena, bytes(r, n));
		return;
	}
	if (n > (size_t)(r->end - r->p))
		fail(r, "an array with more elements than the stream has room for");
	count(r, n);
	if (r->fault)
		return;
	array->items = FSV_ARENA_NEW_N(r->arena, struct fsv_java_item, n);
	for (; array->n_items < n && !r->fault; array->n_items++)
		array->items[array->n_items] = (struct fsv_java_item){ .value = read_element(r, type) };
}

static struct fsv_java_value *read_array(struct reader *r)
{
	struct fsv_str class_name = class_of_value(r)->name;
	struct fsv_java_value *array = new_value(r, FSV_JAVA_ARRAY);
	size_t handle = add_handle(r, NULL, array);

	array->class_name = class_name;
	if (class_name.n < 2 || class_name.p[0] != '[' || !class_name.p[1] ||
	    !strchr("BCDFIJSZL[", class_name.p[1]))
		fail(r, "an array whose class is none of an array");
	else
		read_elements(r, class_name.p[1], array);
	r->handles[handle].open = false;
	return array;
}

struct items {
	struct fsv_java_item *list;
	size_t n, cap;
};

static void add_item(struct reader *r, struct items *items, struct fsv_java_item item)
{
	count(r, 1);
	FSV_ARENA_MORE(r->arena, items->list, items->n, items->cap, 8);
	items->list[items->n++] = item;
}

/* What a class's writeObject wrote behind its fields, up to the end mark. */
static void read_annotation(struct reader *r, struct items *items)
{
	while (!r->fault) {
		unsigned tag = r->p < r->end ? *r->p : 0;

		if (tag == TC_ENDBLOCKDATA) {
			r->p++;
			return;
		}
		if (tag == TC_BLOCKDATA || tag == TC_BLOCKDATALONG) {
			struct fsv_str block;

			r->p++;
			block = bytes(r, number(r, tag == TC_BLOCKDATA ? 1 : 4));
			add_item(r, items, (struct fsv_java_item){ .block = fsv_arena_str(r->arena, block) });
		} else {
			add_item(r, items, (struct fsv_java_item){ .value = read_value(r) });
		}
	}
}

static void read_class_data(struct reader *r, const struct class_desc *class, struct fsv_java_value *object)
{
	const struct class_desc *chain[DEPTH_MAX];
	struct fsv_java_field **tail = &object->fields;
	struct items items = { .list = NULL };
	unsigned n = 0;

	for (; class && n < DEPTH_MAX; class = class->super)
		chain[n++] = class;
	while (n > 0 && !r->fault) {
		class = chain[--n];
		count(r, class->n_fields);
		for (unsigned i = 0; i < class->n_fields && !r->fault; i++) {
			struct fsv_java_field *field = FSV_ARENA_NEW(r->arena, struct fsv_java_field);

			field->name = class->fields[i].name;
			field->value = read_element(r, class->fields[i].type);
			*tail = field;
			tail = &field->next;
		}
		if (class->flags & SC_WRITE_METHOD)
			read_annotation(r, &items);
	}
	object->items = items.list;
	object->n_items = items.n;
}

static struct fsv_java_value *read_object(struct reader *r)
{
	const struct class_desc *class = class_of_value(r);
	struct fsv_java_value *object = new_value(r, FSV_JAVA_OBJECT);
	size_t handle = add_handle(r, NULL, object);

	object->class_name = class->name;
	read_class_data(r, class, object);
	r->handles[handle].open = false;
	return object;
}

static struct fsv_java_value *read_tagged(struct reader *r)
{
	struct fsv_java_value *value;

	switch (number(r, 1)) {
	case TC_NULL:
		return &null_value;
	case TC_REFERENCE:
		value = reference(r).value;
		if (value)
			return value;
		fail(r, "a reference to a value names a class");
		return &null_value;
	case TC_OBJECT:
		return read_object(r);
	case TC_STRING:
		return read_string(r, 2);
	case TC_LONGSTRING:
		return read_string(r, 8);
	case TC_ARRAY:
		return read_array(r);
	case TC_ENUM:
		return read_enum(r);
	}
	fail(r, "an element of a kind that stores of models do not have");
	return &null_value;
}

/* Never NULL: null itself after a fault. */
static struct fsv_java_value *read_value(struct reader *r)
{
	struct fsv_java_value *value;

	if (r->depth >= DEPTH_MAX)
		fail_code(r, FSV_E_LIMIT, "nested too deeply");
	if (r->fault)
		return &null_value;
	r->depth++;
	value = read_tagged(r);
	r->depth--;
	return r->fault ? &null_value : value;
}

int fsv_java_stream_parse(struct fsv_str input, struct fsv_arena *arena,
			  struct fsv_java_value **ret_value, struct fsv_err *err)
{
	static const char head[] = { '\xac', '\xed', 0, 5 };
	const unsigned char *start = (const unsigned char *)(input.p ? input.p : "");
	struct reader r = { .p = start, .start = start, .end = start + input.n, .arena = arena, .err = err };
	struct fsv_java_value *value = &null_value;

	if (!fsv_str_starts(input, fsv_str_n(head, sizeof(head)))) {
		fail(&r, "not a Java object stream");
	} else {
		r.p += sizeof(head);
		value = read_value(&r);
		if (!r.fault && r.p < r.end)
			fail(&r, "more bytes than the object has");
	}
	free(r.handles);
	if (!r.fault)
		*ret_value = value;
	return r.fault;
}

/* What callers look for -------------------------------------------------------------------------- */

const struct fsv_java_value *fsv_java_field(const struct fsv_java_value *object, const char *name)
{
	if (object->type != FSV_JAVA_OBJECT)
		return NULL;
	for (const struct fsv_java_field *f = object->fields; f; f = f->next)
		if (fsv_str_is(f->name, name))
			return f->value;
	return NULL;
}

static bool is_hash_map(struct fsv_str class_name)
{
	return fsv_str_is(class_name, "java.util.HashMap") ||
	       fsv_str_is(class_name, "java.util.LinkedHashMap");
}

/* Second of the two numbers that a HashMap writes before its pairs; the first is its capacity. */
static uint32_t hash_map_size(struct fsv_str block)
{
	uint32_t size = 0;

	for (int i = 4; i < 8; i++)
		size = size << 8 | (unsigned char)block.p[i];
	return size;
}

/* Which items are pairs: all but the numbers before them (HashMap) or the nulls behind them
 * (ConcurrentHashMap). */
static int find_pairs(const struct fsv_java_value *map, size_t *ret_from, size_t *ret_to, struct fsv_err *err)
{
	const struct fsv_java_item *items = map->items;
	size_t n = map->n_items;

	if (is_hash_map(map->class_name)) {
		if (n == 0 || items[0].value || items[0].block.n != 8)
			return fsv_err_set(err, FSV_E_TYPE, "a map without its size");
		if ((uint64_t)hash_map_size(items[0].block) * 2 != n - 1)
			return fsv_err_set(err, FSV_E_TYPE, "a map of another size than it says");
		*ret_from = 1;
		*ret_to = n;
		return 0;
	}
	if (!fsv_str_is(map->class_name, "java.util.concurrent.ConcurrentHashMap"))
		return fsv_err_set(err, FSV_E_TYPE, "an object that is no map");
	if (n < 2 || n % 2 != 0 || !items[n - 2].value || items[n - 2].value->type != FSV_JAVA_NULL)
		return fsv_err_set(err, FSV_E_TYPE, "a map without its end");
	*ret_from = 0;
	*ret_to = n - 2;
	return 0;
}

int fsv_java_map(const struct fsv_java_value *map, struct fsv_arena *arena,
		 struct fsv_java_pair **ret_pairs, size_t *ret_n, struct fsv_err *err)
{
	struct fsv_java_pair *pairs;
	size_t from = 0, to = 0;
	int r;

	if (map->type != FSV_JAVA_OBJECT)
		return fsv_err_set(err, FSV_E_TYPE, "no map where one is due");
	r = find_pairs(map, &from, &to, err);
	if (r < 0)
		return r;
	pairs = FSV_ARENA_NEW_N(arena, struct fsv_java_pair, (to - from) / 2);
	for (size_t i = from; i < to; i += 2) {
		const struct fsv_java_item *item = &map->items[i];

		if (!item[0].value || !item[1].value)
			return fsv_err_set(err, FSV_E_TYPE, "raw data among the pairs of a map");
		pairs[(i - from) / 2] = (struct fsv_java_pair){ item[0].value, item[1].value };
	}
	*ret_pairs = pairs;
	*ret_n = (to - from) / 2;
	return 0;
}
