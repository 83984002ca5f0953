/* SPDX-License-Identifier: Apache-2.0 */
/* The full sample and the manual's list of keys, written from the table that the loader uses. */
#include "conf-private.h"

enum { WIDTH = 78 };

/* Running text, wrapped. */
struct prose {
	struct fsv_buf *out;
	const char *prefix;	/* of each line */
	bool roff;		/* escape for mdoc, begin each sentence on a line of its own */
	size_t column;		/* 0 = at the start of a line */
};

static size_t columns(struct fsv_str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += (s.p[i] & 0xc0) != 0x80;
	return n;
}

static void break_line(struct prose *p)
{
	if (p->column > 0)
		fsv_buf_putc(p->out, '\n');
	p->column = 0;
}

static void roff_word(struct fsv_buf *out, struct fsv_str word)
{
	for (size_t i = 0; i < word.n; i++) {
		if (word.p[i] == '\\')
			fsv_buf_puts(out, "\\e");
		else
			fsv_buf_putc(out, word.p[i]);
	}
}

static void add_word(struct prose *p, struct fsv_str word)
{
	size_t n = columns(word);

	if (p->column > 0 && p->column + 1 + n > WIDTH)
		break_line(p);
	if (p->column == 0) {
		fsv_buf_puts(p->out, p->prefix);
		p->column = strlen(p->prefix);
		/* At the start of a line these two would begin a request. */
		if (p->roff && (word.p[0] == '.' || word.p[0] == '\''))
			fsv_buf_puts(p->out, "\\&");
	} else {
		fsv_buf_putc(p->out, ' ');
		n++;
	}
	if (p->roff)
		roff_word(p->out, word);
	else
		fsv_buf_add(p->out, word);
	p->column += n;
}

static void add_text(struct prose *p, const char *text)
{
	struct fsv_str left = fsv_str(text);

	while (left.n > 0) {
		size_t n = 0;

		while (n < left.n && left.p[n] != ' ' && left.p[n] != '\n')
			n++;
		if (n > 0)
			add_word(p, fsv_str_sub(left, 0, n));
		if (p->roff && n > 1 && left.p[n - 1] == '.' && n + 1 < left.n && left.p[n + 1] >= 'A' &&
		    left.p[n + 1] <= 'Z')
			break_line(p);
		left = fsv_str_sub(left, n + 1, left.n);
	}
}

/* What a key takes, in words ------------------------------------------------------------------- */

static void add_choices(struct fsv_buf *out, const char *choices)
{
	for (; *choices; choices++) {
		if (*choices == '|')
			fsv_buf_puts(out, ", ");
		else
			fsv_buf_putc(out, *choices);
	}
}

static void add_type(struct fsv_buf *out, const struct fsv_conf_key *key)
{
	static const struct {
		const char *one, *many;
	} names[] = {
		[FSV_CONF_BOOL] = { "Either true or false", "List of true or false" },
		[FSV_CONF_INT] = { "Whole number", "List of whole numbers" },
		[FSV_CONF_PORT] = { "Port", "List of ports" },
		[FSV_CONF_DURATION] = { "Duration, a bare number is in ",
					"List of durations, a bare number is in " },
		[FSV_CONF_SIZE] = { "Size, a bare number is in bytes",
				    "List of sizes, a bare number is in bytes" },
		[FSV_CONF_STRING] = { "Text", "List of texts" },
		[FSV_CONF_PATH] = { "Path", "List of paths" },
		[FSV_CONF_ENUM] = { "One of ", "List out of " },
		[FSV_CONF_ADDRESS] = { "Address, host:port", "List of addresses, host:port" },
		[FSV_CONF_DOUBLE] = { "Decimal number", "List of decimal numbers" },
	};

	fsv_buf_puts(out, key->flags & FSV_CONF_LIST ? names[key->type].many : names[key->type].one);
	if (key->type == FSV_CONF_DURATION)
		fsv_buf_puts(out, key->unit);
	if (key->type == FSV_CONF_ENUM)
		add_choices(out, key->choices);
	if (key->type == FSV_CONF_PORT && !(key->flags & FSV_CONF_LIST) && key->min <= 0)
		fsv_buf_puts(out, ", 0 means not served");
}

/* A bare number in the table is shown with its unit. */
static const char *default_text(const struct fsv_conf_key *key, struct fsv_arena *arena)
{
	bool united = key->type == FSV_CONF_DURATION || key->type == FSV_CONF_SIZE;
	struct fsv_conf_item item;

	if (!united || (key->flags & FSV_CONF_LIST) || !key->def)
		return key->def;
	FSV_BUG_ON(fsv_conf_parse_item(key, fsv_str(key->def), NULL, arena, &item, NULL) < 0);
	return item.text;
}

/* "Duration, a bare number is in ms; at most 10min; default 3s; a change needs a restart." */
static void add_facts(struct prose *p, const struct fsv_conf_key *key, struct fsv_arena *arena)
{
	const char *def = default_text(key, arena);
	char range[FSV_CONF_RANGE_MAX];
	struct fsv_buf facts;

	fsv_buf_init(&facts, arena, 0);
	add_type(&facts, key);
	if (fsv_conf_format_range(key, range)[0])
		fsv_buf_printf(&facts, "; %s", range);
	if (def)
		fsv_buf_printf(&facts, "; default %s", def[0] ? def : "empty");
	else
		fsv_buf_puts(&facts, "; unset by default");
	if (key->flags & FSV_CONF_SECRET)
		fsv_buf_puts(&facts, "; secret, never shown");
	if (key->flags & FSV_CONF_RESTART)
		fsv_buf_puts(&facts, "; a change needs a restart");
	fsv_buf_putc(&facts, '.');
	add_text(p, fsv_buf_cstr(&facts));
	break_line(p);
}

/* The heading key stands under, when that is not *at already. Groups of retired keys only never come
 * up, for they are asked for with the next key in use. */
static const char *next_heading(const struct fsv_conf_schema *schema, unsigned key, const char **at)
{
	const char *group = NULL;

	for (unsigned i = 0; i <= key; i++)
		if (schema->keys[i].group)
			group = schema->keys[i].group;
	if (!group || (*at && strcmp(group, *at) == 0))
		return NULL;
	return *at = group;
}

static bool has_retired(const struct fsv_conf_schema *schema)
{
	for (unsigned i = 0; i < schema->n_keys; i++)
		if (schema->keys[i].flags & FSV_CONF_RETIRED)
			return true;
	return false;
}

/* Sample --------------------------------------------------------------------------------------- */

/* Prose lines begin with "# ", settings with "#" alone: taking that one character away gives YAML. */
static void sample_key(struct fsv_buf *out, const struct fsv_conf_key *key)
{
	struct prose p = { .out = out, .prefix = "# " };
	struct fsv_arena arena;

	fsv_arena_init(&arena, 0);
	fsv_buf_putc(out, '\n');
	add_text(&p, key->doc);
	break_line(&p);
	add_facts(&p, key, &arena);
	fsv_buf_printf(out, "#%s:", key->name);
	if (key->def) {
		fsv_buf_putc(out, ' ');
		fsv_yaml_scalar(out, fsv_str(default_text(key, &arena)));
	}
	fsv_buf_putc(out, '\n');
	fsv_arena_done(&arena);
}

static void sample_retired(const struct fsv_conf_schema *schema, struct fsv_buf *out)
{
	struct prose p = { .out = out, .prefix = "# " };

	fsv_buf_puts(out, "\n\n# ---- Accepted for the sake of older files, without effect\n\n");
	for (unsigned i = 0; i < schema->n_keys; i++)
		if (schema->keys[i].flags & FSV_CONF_RETIRED)
			add_text(&p, schema->keys[i].name);
	break_line(&p);
}

void fsv_conf_sample(const struct fsv_conf_schema *schema, struct fsv_buf *out)
{
	const char *group = NULL;

	fsv_buf_printf(out, "# Every key of %s, at its default.\n", schema->daemon);
	fsv_buf_puts(out, "# Take the # in front of a key away to set it.\n"
			  "# \"a.b: 1\" and \"a: {b: 1}\" mean the same.\n");
	fsv_buf_printf(out, "# Afterwards the files %s.d/*.yaml\n", schema->file);
	fsv_buf_puts(out, "# are read in the order of their names; the last setting of a key counts.\n");
	for (unsigned i = 0; i < schema->n_keys; i++) {
		const char *heading;

		if (schema->keys[i].flags & FSV_CONF_RETIRED)
			continue;
		heading = next_heading(schema, i, &group);
		if (heading)
			fsv_buf_printf(out, "\n\n# ---- %s\n", heading);
		sample_key(out, &schema->keys[i]);
	}
	if (has_retired(schema))
		sample_retired(schema, out);
}

/* Manual --------------------------------------------------------------------------------------- */

/* Arguments of a macro: short words could be taken for macros themselves. */
static void man_args(struct fsv_buf *out, const char *text)
{
	struct fsv_str left = fsv_str(text);

	for (const char *blank = ""; left.n > 0; blank = " ") {
		size_t n = fsv_str_find(left, ' ', 0);

		fsv_buf_puts(out, blank);
		if (n < 4)
			fsv_buf_puts(out, "\\&");
		for (size_t i = 0; i < n; i++) {
			if (left.p[i] == '\\')
				fsv_buf_puts(out, "\\e");
			else if (left.p[i] == '"')
				fsv_buf_puts(out, "\\(dq");
			else
				fsv_buf_putc(out, left.p[i]);
		}
		left = fsv_str_sub(left, n + 1, left.n);
	}
}

static void man_key(struct fsv_buf *out, const struct fsv_conf_key *key)
{
	struct prose p = { .out = out, .prefix = "", .roff = true };
	struct fsv_arena arena;

	fsv_buf_puts(out, ".It Va ");
	man_args(out, key->name);
	fsv_buf_putc(out, '\n');
	add_text(&p, key->doc);
	break_line(&p);
	if (key->flags & FSV_CONF_RETIRED)
		return;
	fsv_buf_puts(out, ".Pp\n");
	fsv_arena_init(&arena, 0);
	add_facts(&p, key, &arena);
	fsv_arena_done(&arena);
}

static void man_open(struct fsv_buf *out, const char *heading)
{
	fsv_buf_puts(out, ".Ss ");
	man_args(out, heading);
	fsv_buf_puts(out, "\n.Bl -tag -width Ds\n");
}

static void man_retired(const struct fsv_conf_schema *schema, struct fsv_buf *out)
{
	fsv_buf_puts(out, ".Ss Keys without effect\n"
			  "Accepted with a warning, so that older files go on loading.\n"
			  ".Bl -tag -width Ds\n");
	for (unsigned i = 0; i < schema->n_keys; i++)
		if (schema->keys[i].flags & FSV_CONF_RETIRED)
			man_key(out, &schema->keys[i]);
	fsv_buf_puts(out, ".El\n");
}

void fsv_conf_man(const struct fsv_conf_schema *schema, const char *page, struct fsv_buf *out)
{
	const char *group = NULL;
	bool open = false;

	fsv_buf_printf(out, ".\\\" %s: the keys, written from the table in %s; do not edit.\n", page,
		       schema->daemon);
	fsv_buf_puts(out, ".Sh KEYS\n");
	for (unsigned i = 0; i < schema->n_keys; i++) {
		const char *heading;

		if (schema->keys[i].flags & FSV_CONF_RETIRED)
			continue;
		heading = next_heading(schema, i, &group);
		if (heading || !open) {
			if (open)
				fsv_buf_puts(out, ".El\n");
			man_open(out, heading ? heading : "General");
			open = true;
		}
		man_key(out, &schema->keys[i]);
	}
	if (open)
		fsv_buf_puts(out, ".El\n");
	if (has_retired(schema))
		man_retired(schema, out);
}
