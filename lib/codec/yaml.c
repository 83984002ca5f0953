/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libyaml hands out events; a stack of open containers turns them into the tree. What configuration
 * files have no use for (anchors, tags, several documents) is refused here, with its place, so that
 * nothing above needs to think of it.
 */
#include "yaml.h"

#include <errno.h>
#include <stdlib.h>
#include <yaml.h>

#include "base/buf.h"

struct frame {
	struct fsv_yaml *node;
	struct fsv_yaml **tail;
	struct fsv_yaml *key;	/* a map's key that waits for its value */
};

struct reader {
	yaml_parser_t parser;
	struct fsv_str input;
	const char *file;
	struct fsv_arena *arena;
	struct fsv_err *err;
	size_t at, index;	/* a byte of the input and the number of characters before it */
	struct frame stack[FSV_YAML_DEPTH_MAX];
	unsigned depth;
	size_t nodes;
	struct fsv_yaml *root;
	bool done;		/* the document has ended */
};

static int fail_at(struct reader *r, int code, unsigned line, unsigned column, const char *why)
{
	return fsv_err_set(r->err, code, "%s:%u:%u: %s", r->file, line, column, why);
}

static int fail(struct reader *r, int code, yaml_mark_t mark, const char *why)
{
	return fail_at(r, code, (unsigned)mark.line + 1, (unsigned)mark.column + 1, why);
}

/* For faults that are known by their byte only. */
static int fail_byte(struct reader *r, size_t offset, const char *why)
{
	unsigned line = 1, column = 1;

	for (size_t i = 0; i < offset && i < r->input.n; i++) {
		if (r->input.p[i] == '\n') {
			line++;
			column = 1;
		} else if ((r->input.p[i] & 0xc0) != 0x80) {
			column++;
		}
	}
	return fail_at(r, FSV_E_SYNTAX, line, column, why);
}

/* The byte at a mark, 0 at the end. Marks count characters and come in order: the cursor only moves
 * forward. */
static char byte_at(struct reader *r, yaml_mark_t mark)
{
	while (r->index < mark.index && r->at < r->input.n) {
		do
			r->at++;
		while (r->at < r->input.n && (r->input.p[r->at] & 0xc0) == 0x80);
		r->index++;
	}
	return r->index == mark.index && r->at < r->input.n ? r->input.p[r->at] : '\0';
}

static int fail_parser(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	const char *problem = p->problem ? p->problem : "not YAML";
	yaml_mark_t mark = p->problem_mark;

	switch (p->error) {
	case YAML_MEMORY_ERROR:
		return fsv_err_set(r->err, -ENOMEM, "%s: out of memory", r->file);
	case YAML_READER_ERROR:
		return fail_byte(r, p->problem_offset, problem);
	default:
		if (!p->context)
			return fail(r, FSV_E_SYNTAX, mark, problem);
		if (byte_at(r, mark) == '\t')
			problem = "a tab where YAML wants blanks";
		/* The line without a colon is of use, not the one after it where that comes out. */
		if (strcmp(p->context, "while scanning a simple key") == 0)
			mark = p->context_mark;
		return fsv_err_set(r->err, FSV_E_SYNTAX, "%s:%zu:%zu: %s, %s", r->file, mark.line + 1,
				   mark.column + 1, p->context, problem);
	}
}

/* Keys twice in one map ------------------------------------------------------------------------ */

static bool before(const struct fsv_yaml *a, const struct fsv_yaml *b)
{
	return a->key_line != b->key_line ? a->key_line < b->key_line : a->key_column < b->key_column;
}

static int by_key_and_place(const void *pa, const void *pb)
{
	const struct fsv_yaml *a = *(struct fsv_yaml *const *)pa, *b = *(struct fsv_yaml *const *)pb;
	int d = fsv_str_order(a->key, b->key);

	return d ? d : before(a, b) ? -1 : 1;
}

static int check_twice(struct reader *r, const struct fsv_yaml *map)
{
	const struct fsv_yaml *first = NULL, *second = NULL;
	struct fsv_yaml **all;
	char name[FSV_YAML_SHOW_MAX];
	size_t n = 0;

	if (map->n < 2)
		return 0;
	all = FSV_ARENA_NEW_N(r->arena, struct fsv_yaml *, map->n);
	for (struct fsv_yaml *c = map->first; c; c = c->next)
		all[n++] = c;
	qsort(all, n, sizeof(struct fsv_yaml *), by_key_and_place);
	for (size_t i = 1; i < n; i++) {
		if (fsv_str_eq(all[i - 1]->key, all[i]->key) && (!second || before(all[i], second))) {
			first = all[i - 1];
			second = all[i];
		}
	}
	if (!second)
		return 0;
	return fsv_err_set(r->err, FSV_E_SYNTAX,
			   "%s:%u:%u: %s: this key is given twice, first at line %u column %u", r->file,
			   second->key_line, second->key_column, fsv_yaml_show(second->key, name),
			   first->key_line, first->key_column);
}

/* Events to nodes ------------------------------------------------------------------------------ */

static int push(struct reader *r, struct fsv_yaml *node, yaml_mark_t mark)
{
	if (r->depth == FSV_YAML_DEPTH_MAX)
		return fail(r, FSV_E_LIMIT, mark, "nested more than 64 levels deep");
	r->stack[r->depth++] = (struct frame){ .node = node, .tail = &node->first };
	return 0;
}

static int pop(struct reader *r)
{
	struct frame *f = &r->stack[--r->depth];

	return f->node->type == FSV_YAML_MAP ? check_twice(r, f->node) : 0;
}

/* A new node takes its place: as root, as a map's key or value, as a list's element. */
static int attach(struct reader *r, struct fsv_yaml *node, yaml_mark_t mark)
{
	struct frame *f;

	if (r->depth == 0) {
		r->root = node;
		return 0;
	}
	f = &r->stack[r->depth - 1];
	if (f->node->type == FSV_YAML_MAP && !f->key) {
		if (node->type != FSV_YAML_SCALAR)
			return fail(r, FSV_E_SYNTAX, mark,
				    "a key must be plain text, not a list or a mapping");
		f->key = node;
		return 0;
	}
	if (f->key) {
		node->key = f->key->text;
		node->key_line = f->key->line;
		node->key_column = f->key->column;
		f->key = NULL;
	}
	*f->tail = node;
	f->tail = &node->next;
	f->node->n++;
	return 0;
}

static int add_node(struct reader *r, enum fsv_yaml_type type, const yaml_event_t *ev,
		    const yaml_char_t *anchor, const yaml_char_t *tag)
{
	yaml_mark_t mark = ev->start_mark;
	struct fsv_yaml *node;
	int rc;

	if (anchor)
		return fail(r, FSV_E_SYNTAX, mark, "anchors (&name) are not supported; write the value out");
	/* The parser drops a lone "!" without a trace. */
	if (tag || byte_at(r, mark) == '!')
		return fail(r, FSV_E_SYNTAX, mark,
			    "tags (!name) are not supported; put quotes around text with '!'");
	if (++r->nodes > FSV_YAML_NODES_MAX)
		return fail(r, FSV_E_LIMIT, mark, "more than 100,000 values");
	node = FSV_ARENA_NEW(r->arena, struct fsv_yaml);
	node->type = type;
	node->line = (unsigned)mark.line + 1;
	node->column = (unsigned)mark.column + 1;
	if (type == FSV_YAML_SCALAR) {
		node->text = fsv_arena_str(r->arena, fsv_str_n((const char *)ev->data.scalar.value,
							       ev->data.scalar.length));
		node->plain = ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	}
	rc = attach(r, node, mark);
	return rc < 0 || type == FSV_YAML_SCALAR ? rc : push(r, node, mark);
}

static int on_event(struct reader *r, const yaml_event_t *ev)
{
	switch (ev->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (r->done)
			return fail(r, FSV_E_SYNTAX, ev->start_mark, "a second document; one file holds one");
		if (ev->data.document_start.tag_directives.start)
			return fail(r, FSV_E_SYNTAX, ev->start_mark, "%TAG directives are not supported");
		return 0;
	case YAML_DOCUMENT_END_EVENT:
		r->done = true;
		return 0;
	case YAML_ALIAS_EVENT:
		return fail(r, FSV_E_SYNTAX, ev->start_mark,
			    "aliases (*name) are not supported; write the value out");
	case YAML_SCALAR_EVENT:
		return add_node(r, FSV_YAML_SCALAR, ev, ev->data.scalar.anchor, ev->data.scalar.tag);
	case YAML_SEQUENCE_START_EVENT:
		return add_node(r, FSV_YAML_LIST, ev, ev->data.sequence_start.anchor,
				ev->data.sequence_start.tag);
	case YAML_MAPPING_START_EVENT:
		return add_node(r, FSV_YAML_MAP, ev, ev->data.mapping_start.anchor,
				ev->data.mapping_start.tag);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return pop(r);
	default:
		return 0;
	}
}

static int read_all(struct reader *r)
{
	bool end = false;
	int rc = 0;

	while (rc == 0 && !end) {
		yaml_event_t ev;

		if (!yaml_parser_parse(&r->parser, &ev))
			return fail_parser(r);
		end = ev.type == YAML_STREAM_END_EVENT;
		rc = on_event(r, &ev);
		yaml_event_delete(&ev);
	}
	return rc;
}

int fsv_yaml_parse(struct fsv_str input, const char *file, struct fsv_arena *arena,
		   struct fsv_yaml **ret_root, struct fsv_err *err)
{
	struct reader r = { .input = input, .file = file, .arena = arena, .err = err };
	size_t good;
	int rc;

	/* A byte order mark would shift the columns of the first line. */
	if (fsv_str_starts(r.input, FSV_STR("\xef\xbb\xbf")))
		r.input = fsv_str_sub(r.input, 3, r.input.n);
	good = fsv_str_utf8(r.input);
	if (good < r.input.n)
		return fail_byte(&r, good, "not valid UTF-8");
	if (!yaml_parser_initialize(&r.parser))
		return fsv_err_set(err, -ENOMEM, "%s: out of memory", file);
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)(r.input.n > 0 ? r.input.p : ""),
				     r.input.n);
	rc = read_all(&r);
	yaml_parser_delete(&r.parser);
	if (rc < 0)
		return rc;
	if (!r.root || (r.root->type == FSV_YAML_SCALAR && r.root->plain && r.root->text.n == 0)) {
		r.root = FSV_ARENA_NEW(arena, struct fsv_yaml);
		r.root->type = FSV_YAML_MAP;
		r.root->line = r.root->column = 1;
	}
	*ret_root = r.root;
	return 0;
}

struct fsv_yaml *fsv_yaml_get(const struct fsv_yaml *map, const char *key)
{
	if (!map || map->type != FSV_YAML_MAP)
		return NULL;
	for (struct fsv_yaml *c = map->first; c; c = c->next)
		if (fsv_str_is(c->key, key))
			return c;
	return NULL;
}

static bool null_word(struct fsv_str text)
{
	return text.n == 0 || fsv_str_is(text, "~") || fsv_str_is(text, "null") || fsv_str_is(text, "Null") ||
	       fsv_str_is(text, "NULL");
}

bool fsv_yaml_is_null(const struct fsv_yaml *node)
{
	return node->type == FSV_YAML_SCALAR && node->plain && null_word(node->text);
}

/* Writing -------------------------------------------------------------------------------------- */

static bool alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Narrower than YAML allows: what every reader takes as this very text, in block and flow style. */
static bool plain_safe(struct fsv_str s)
{
	size_t sign;

	if (null_word(s))
		return false;
	sign = s.n > 1 && (s.p[0] == '-' || s.p[0] == '+' || s.p[0] == '.');
	if (!alnum(s.p[sign]) && s.p[sign] != '/' && (sign || s.p[0] != '_'))
		return false;
	for (size_t i = 1; i < s.n; i++) {
		if (alnum(s.p[i]) || (s.p[i] != '\0' && strchr("_./@%+-=~?&;()$", s.p[i])))
			continue;
		/* Inside only, and never two in a row. */
		if ((s.p[i] == ':' || s.p[i] == ' ') && i + 1 < s.n &&
		    (alnum(s.p[i + 1]) || s.p[i + 1] == '/' || s.p[i + 1] == '_'))
			continue;
		return false;
	}
	return true;
}

/* The code point at s.p[i], whose text is valid, and its length. */
static unsigned decode(struct fsv_str s, size_t i, size_t *ret_len)
{
	static const unsigned char mask[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	unsigned char c = (unsigned char)s.p[i];
	size_t len = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	unsigned cp = c & mask[len];

	for (size_t k = 1; k < len; k++)
		cp = cp << 6 | ((unsigned char)s.p[i + k] & 0x3f);
	*ret_len = len;
	return cp;
}

/* Outside what YAML calls printable, or a line break to some readers. */
static bool must_escape(unsigned cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp <= 0x9f) || cp == 0x2028 || cp == 0x2029 || cp == 0xfeff ||
	       cp == 0xfffe || cp == 0xffff;
}

const char *fsv_yaml_show(struct fsv_str text, char out[FSV_YAML_SHOW_MAX])
{
	enum { KEEP = FSV_YAML_SHOW_MAX - sizeof("...") };
	bool cut = text.n > KEEP;
	size_t good = fsv_str_utf8(fsv_str_sub(text, 0, KEEP)), n = 0, len;

	for (size_t i = 0; i < good; i += len) {
		if (must_escape(decode(text, i, &len))) {
			out[n++] = '?';
		} else {
			memcpy(out + n, text.p + i, len);
			n += len;
		}
	}
	memcpy(out + n, cut ? "..." : "", cut ? sizeof("...") : 1);
	return out;
}

static void quote(struct fsv_buf *out, struct fsv_str s)
{
	size_t good = fsv_str_utf8(s), len;

	fsv_buf_putc(out, '"');
	for (size_t i = 0; i < s.n; i += len) {
		unsigned cp;

		if (i >= good) {	/* nothing valid begins here */
			fsv_buf_puts(out, "\\uFFFD");
			len = 1;
			good = i + 1 + fsv_str_utf8(fsv_str_sub(s, i + 1, s.n));
			continue;
		}
		cp = decode(s, i, &len);
		if (cp == '"' || cp == '\\')
			fsv_buf_printf(out, "\\%c", (char)cp);
		else if (cp == '\n')
			fsv_buf_puts(out, "\\n");
		else if (cp == '\t')
			fsv_buf_puts(out, "\\t");
		else if (must_escape(cp))
			fsv_buf_printf(out, cp > 0xff ? "\\u%04X" : "\\x%02X", cp);
		else
			fsv_buf_append(out, s.p + i, len);
	}
	fsv_buf_putc(out, '"');
}

void fsv_yaml_scalar(struct fsv_buf *out, struct fsv_str text)
{
	if (plain_safe(text))
		fsv_buf_add(out, text);
	else
		quote(out, text);
}
