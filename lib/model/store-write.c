/* SPDX-License-Identifier: Apache-2.0 */
/*
 * java.io.ObjectOutputStream, as far as these two maps need it. Every class descriptor, object, array and
 * string takes the next handle when it begins; what Java holds once and meets again is written as a
 * reference to its handle. That concerns class descriptors, type names, a partner's party id (key and
 * field are one object) and the two names of roles, which are constants of the reference.
 */
#include "store-write.h"

#include <stdbool.h>

enum {
	TC_NULL = 0x70,
	TC_REFERENCE = 0x71,
	TC_CLASSDESC = 0x72,
	TC_OBJECT = 0x73,
	TC_STRING = 0x74,
	TC_ARRAY = 0x75,
	TC_BLOCKDATA = 0x77,
	TC_ENDBLOCKDATA = 0x78,
	TC_LONGSTRING = 0x7c,
	HANDLE_BASE = 0x7e0000,
	SERIALIZABLE = 2,
	WRITE_METHOD = 3,		/* and writes data of its own */
	SEGMENTS = 16,			/* of a ConcurrentHashMap; relics that every stream has */
	LOAD_FACTOR = 0x3f400000,	/* 0.75f */
};

struct writer {
	struct fsv_buf *out;
	uint32_t next;			/* handle, relative to HANDLE_BASE */
	/* Handles of what was written; 0 = not yet (the first object is never referred to). */
	uint32_t segment, sync, model, hash_map, array_list, guest, host;
};

static void number(struct writer *w, uint64_t v, unsigned bytes)
{
	while (bytes-- > 0)
		fsv_buf_putc(w->out, (char)(v >> 8 * bytes));
}

static void reference(struct writer *w, uint32_t handle)
{
	number(w, TC_REFERENCE, 1);
	number(w, HANDLE_BASE + handle, 4);
}

/* Text ------------------------------------------------------------------------------------------ */

static void put_unit(struct fsv_buf *out, uint32_t unit)
{
	if (unit >= 1 && unit < 0x80) {
		fsv_buf_putc(out, (char)unit);
	} else if (unit < 0x800) {
		fsv_buf_putc(out, (char)(0xc0 | unit >> 6));
		fsv_buf_putc(out, (char)(0x80 | (unit & 0x3f)));
	} else {
		fsv_buf_putc(out, (char)(0xe0 | unit >> 12));
		fsv_buf_putc(out, (char)(0x80 | (unit >> 6 & 0x3f)));
		fsv_buf_putc(out, (char)(0x80 | (unit & 0x3f)));
	}
}

/* The character at i, which valid UTF-8 up to i + *ret_len holds. */
static uint32_t character(struct fsv_str s, size_t i, size_t *ret_len)
{
	unsigned char c = (unsigned char)s.p[i];
	size_t len = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	uint32_t cp = len == 1 ? c : c & (0xffu >> (len + 1));

	for (size_t k = 1; k < len; k++)
		cp = cp << 6 | ((unsigned char)s.p[i + k] & 0x3f);
	*ret_len = len;
	return cp;
}

/* Modified UTF-8: a character beyond U+FFFF as its two surrogates. */
static void put_java_text(struct fsv_buf *out, struct fsv_str s)
{
	size_t good = fsv_str_utf8(s), len;

	for (size_t i = 0; i < s.n; i += len) {
		uint32_t cp;

		if (i >= good) {	/* nothing valid begins here */
			put_unit(out, 0xfffd);
			len = 1;
			good = i + 1 + fsv_str_utf8(fsv_str_sub(s, i + 1, s.n));
			continue;
		}
		cp = character(s, i, &len);
		if (cp >= 0x10000) {
			put_unit(out, 0xd800 + ((cp - 0x10000) >> 10));
			put_unit(out, 0xdc00 + ((cp - 0x10000) & 0x3ff));
		} else {
			put_unit(out, cp);
		}
	}
}

/* The text behind its length of so many bytes. */
static void sized(struct writer *w, struct fsv_str java, unsigned bytes)
{
	number(w, java.n, bytes);
	fsv_buf_add(w->out, java);
}

static void name(struct writer *w, const char *text)
{
	sized(w, fsv_str(text), 2);
}

/* A new string object; returns its handle. */
static uint32_t string(struct writer *w, struct fsv_str text)
{
	struct fsv_buf java;

	fsv_buf_init(&java, NULL, 0);
	put_java_text(&java, text);
	number(w, java.n <= UINT16_MAX ? TC_STRING : TC_LONGSTRING, 1);
	sized(w, fsv_buf_str(&java), java.n <= UINT16_MAX ? 2 : 8);
	fsv_buf_done(&java);
	return w->next++;
}

/* Class descriptors ----------------------------------------------------------------------------- */

/* Up to its fields; returns its handle. */
static uint32_t class(struct writer *w, const char *class_name, uint64_t uid, unsigned flags, unsigned fields)
{
	number(w, TC_CLASSDESC, 1);
	name(w, class_name);
	number(w, uid, 8);
	number(w, flags, 1);
	number(w, fields, 2);
	return w->next++;
}

static void field(struct writer *w, char type, const char *field_name)
{
	fsv_buf_putc(w->out, type);
	name(w, field_name);
}

/* Behind the fields of a class without a serializable superclass. */
static void end_class(struct writer *w)
{
	number(w, TC_ENDBLOCKDATA, 1);
	number(w, TC_NULL, 1);
}

/* A ReentrantLock in its rest state: its sync field, with everything above it. */
static void lock(struct writer *w)
{
	number(w, TC_OBJECT, 1);
	if (w->sync) {
		reference(w, w->sync);
	} else {
		w->sync = class(w, "java.util.concurrent.locks.ReentrantLock$NonfairSync",
				UINT64_C(0x658832e7537bbf0b), SERIALIZABLE, 0);
		number(w, TC_ENDBLOCKDATA, 1);
		(void)class(w, "java.util.concurrent.locks.ReentrantLock$Sync",
			    UINT64_C(0xb81ea294aa445a7c), SERIALIZABLE, 0);
		number(w, TC_ENDBLOCKDATA, 1);
		(void)class(w, "java.util.concurrent.locks.AbstractQueuedSynchronizer",
			    UINT64_C(0x6655a843753f52e3), SERIALIZABLE, 1);
		field(w, 'I', "state");
		number(w, TC_ENDBLOCKDATA, 1);
		(void)class(w, "java.util.concurrent.locks.AbstractOwnableSynchronizer",
			    UINT64_C(0x33dfafb9ad6d6fa9), SERIALIZABLE, 0);
		end_class(w);
	}
	w->next++;
	number(w, 0, 4);	/* state */
}

static void segment(struct writer *w)
{
	number(w, TC_OBJECT, 1);
	if (w->segment) {
		reference(w, w->segment);
	} else {
		w->segment = class(w, "java.util.concurrent.ConcurrentHashMap$Segment",
				   UINT64_C(0x1f364c905893293d), SERIALIZABLE, 1);
		field(w, 'F', "loadFactor");
		number(w, TC_ENDBLOCKDATA, 1);
		(void)class(w, "java.util.concurrent.locks.ReentrantLock", UINT64_C(0x6655a82c2cc86aeb),
			    SERIALIZABLE, 1);
		field(w, 'L', "sync");
		(void)string(w, FSV_STR("Ljava/util/concurrent/locks/ReentrantLock$Sync;"));
		end_class(w);
	}
	w->next++;
	lock(w);
	number(w, LOAD_FACTOR, 4);
}

/* The stream up to the first key. */
static void begin(struct writer *w, struct fsv_buf *out)
{
	*w = (struct writer){ .out = out };
	number(w, 0xaced0005, 4);
	number(w, TC_OBJECT, 1);
	(void)class(w, "java.util.concurrent.ConcurrentHashMap", UINT64_C(0x6499de129d87293d), WRITE_METHOD, 3);
	field(w, 'I', "segmentMask");
	field(w, 'I', "segmentShift");
	field(w, '[', "segments");
	(void)string(w, FSV_STR("[Ljava/util/concurrent/ConcurrentHashMap$Segment;"));
	end_class(w);
	w->next++;
	number(w, SEGMENTS - 1, 4);
	number(w, 28, 4);
	number(w, TC_ARRAY, 1);
	(void)class(w, "[Ljava.util.concurrent.ConcurrentHashMap$Segment;", UINT64_C(0x52773f41329b3974),
		    SERIALIZABLE, 0);
	end_class(w);
	w->next++;
	number(w, SEGMENTS, 4);
	for (unsigned i = 0; i < SEGMENTS; i++)
		segment(w);
}

static void end(struct writer *w)
{
	number(w, TC_NULL, 1);
	number(w, TC_NULL, 1);
	number(w, TC_ENDBLOCKDATA, 1);
}

/* Models ---------------------------------------------------------------------------------------- */

static void model_class(struct writer *w)
{
	uint32_t text;

	w->model = class(w, "com.webank.ai.fate.serving.common.model.Model", 1, SERIALIZABLE, 11);
	field(w, 'J', "timestamp");
	field(w, 'L', "allowQps");
	(void)string(w, FSV_STR("Ljava/lang/Double;"));
	field(w, 'L', "federationModelMap");
	(void)string(w, FSV_STR("Ljava/util/Map;"));
	field(w, 'L', "namespace");
	text = string(w, FSV_STR("Ljava/lang/String;"));
	field(w, 'L', "partId");
	reference(w, text);
	field(w, 'L', "resourceAdress");
	reference(w, text);
	field(w, 'L', "resourceName");
	reference(w, text);
	field(w, 'L', "role");
	reference(w, text);
	field(w, 'L', "rolePartyMapList");
	(void)string(w, FSV_STR("Ljava/util/List;"));
	field(w, 'L', "serviceIds");
	reference(w, w->next - 1);
	field(w, 'L', "tableName");
	reference(w, text);
	end_class(w);
}

/* A HashMap up to its first key. Its table doubles when it is more than three quarters full. */
static void hash_map(struct writer *w, unsigned n)
{
	uint64_t capacity = 16;

	while (n > capacity / 4 * 3)
		capacity *= 2;
	number(w, TC_OBJECT, 1);
	if (w->hash_map) {
		reference(w, w->hash_map);
	} else {
		w->hash_map = class(w, "java.util.HashMap", UINT64_C(0x0507dac1c31660d1), WRITE_METHOD, 2);
		field(w, 'F', "loadFactor");
		field(w, 'I', "threshold");
		end_class(w);
	}
	w->next++;
	number(w, LOAD_FACTOR, 4);
	number(w, n > 0 ? capacity / 4 * 3 : 0, 4);
	number(w, TC_BLOCKDATA, 1);
	number(w, 8, 1);
	number(w, capacity, 4);
	number(w, n, 4);
}

static void empty_list(struct writer *w)
{
	number(w, TC_OBJECT, 1);
	if (w->array_list) {
		reference(w, w->array_list);
	} else {
		w->array_list = class(w, "java.util.ArrayList", UINT64_C(0x7881d21d99c7619d), WRITE_METHOD, 1);
		field(w, 'I', "size");
		end_class(w);
	}
	w->next++;
	number(w, 0, 4);
	number(w, TC_BLOCKDATA, 1);
	number(w, 4, 1);
	number(w, 0, 4);
	number(w, TC_ENDBLOCKDATA, 1);
}

static void string_or_null(struct writer *w, struct fsv_str text, bool null)
{
	if (null)
		number(w, TC_NULL, 1);
	else
		(void)string(w, text);
}

static void role(struct writer *w, struct fsv_str text)
{
	uint32_t *known = fsv_str_is(text, "guest") ? &w->guest : fsv_str_is(text, "host") ? &w->host : NULL;

	if (known && *known) {
		reference(w, *known);
		return;
	}
	string_or_null(w, text, text.n == 0);
	if (known)
		*known = w->next - 1;
}

/* A Model up to its partners. */
static void begin_model(struct writer *w, int64_t timestamp, unsigned n_partners)
{
	number(w, TC_OBJECT, 1);
	if (w->model)
		reference(w, w->model);
	else
		model_class(w);
	w->next++;
	number(w, (uint64_t)timestamp, 8);
	number(w, TC_NULL, 1);	/* allowQps */
	hash_map(w, n_partners);
}

/* From role on. */
static void end_model(struct writer *w, struct fsv_str role_name, struct fsv_str table_name)
{
	role(w, role_name);
	number(w, TC_NULL, 1);	/* rolePartyMapList */
	empty_list(w);		/* serviceIds */
	(void)string(w, table_name);
}

static void partner(struct writer *w, const struct fsv_stored_partner *p, int64_t timestamp,
		    struct fsv_str role_name)
{
	uint32_t id = string(w, p->party_id);

	begin_model(w, timestamp, 0);
	number(w, TC_ENDBLOCKDATA, 1);
	(void)string(w, p->name_space);
	reference(w, id);
	number(w, TC_NULL, 1);	/* resourceAdress */
	number(w, TC_NULL, 1);	/* resourceName */
	end_model(w, role_name, p->table_name);
}

static void model(struct writer *w, const struct fsv_stored_model *m)
{
	/* As the reference: whoever is no guest is a host. */
	struct fsv_str others = fsv_str_is(m->role, "guest") ? FSV_STR("host") : FSV_STR("guest");

	begin_model(w, m->timestamp, m->n_partners);
	for (unsigned i = 0; i < m->n_partners; i++)
		partner(w, &m->partners[i], m->timestamp, others);
	number(w, TC_ENDBLOCKDATA, 1);
	(void)string(w, m->name_space);
	string_or_null(w, m->party_id, m->party_id.n == 0);
	string_or_null(w, m->resource_address, !m->resource_address.p);
	number(w, TC_NULL, 1);	/* resourceName */
	end_model(w, m->role, m->table_name);
}

void fsv_store_write_models(const struct fsv_stored_model *models, size_t n, struct fsv_buf *out)
{
	struct writer w;

	begin(&w, out);
	for (size_t i = 0; i < n; i++) {
		if (models[i].fault)
			continue;
		(void)string(&w, models[i].key);
		model(&w, &models[i]);
	}
	end(&w);
}

void fsv_store_write_bindings(const struct fsv_stored_binding *bindings, size_t n, struct fsv_buf *out)
{
	struct writer w;

	begin(&w, out);
	for (size_t i = 0; i < n; i++) {
		if (bindings[i].fault)
			continue;
		(void)string(&w, bindings[i].service_id);
		(void)string(&w, bindings[i].model_key);
	}
	end(&w);
}
