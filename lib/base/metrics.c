/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "mem.h"

enum {
	SHARDS = 8,
	SLOTS = 2 * FSV_METRIC_SERIES,	/* open addressing, at most half full */
	VALUE_MAX = 128,
	BOUNDS = 16,
};

/* Upper bounds of a latency's buckets, in ns: from a look-up in memory to a partner at its time limit. */
static const int64_t bounds[BOUNDS] = {
	100000, 250000, 500000, 1000000, 2000000, 5000000, 10000000, 20000000, 50000000, 100000000, 200000000,
	500000000, 1000000000, 2000000000, 5000000000, 10000000000,
};
static const char *const bound_texts[BOUNDS] = {
	"0.0001", "0.00025", "0.0005", "0.001", "0.002", "0.005", "0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1", "2",
	"5", "10",
};

/* A latency has BOUNDS + 2 numbers in each shard: a bucket each, what is above them, and the sum in ns;
 * everything else has one. Shards begin on cache lines of their own. */
struct fsv_series {
	char *values[FSV_METRIC_LABELS];
	uint64_t hash;
	size_t stride;			/* from one shard to the next */
	_Alignas(64) _Atomic int64_t numbers[];
};

struct fsv_metric_table {
	_Atomic unsigned n;
	_Atomic(struct fsv_series *) slots[SLOTS];
	struct fsv_series *other;
};

extern struct fsv_metric *const first_metric[] __asm__("__start_fsv_metrics")
	__attribute__((weak, visibility("hidden")));
extern struct fsv_metric *const end_metric[] __asm__("__stop_fsv_metrics")
	__attribute__((weak, visibility("hidden")));

static pthread_mutex_t watch_lock = PTHREAD_MUTEX_INITIALIZER;	/* fn and arg of all metrics */

/* Series ------------------------------------------------------------------------------------------ */

static unsigned my_shard(void)
{
	static _Atomic unsigned threads;
	static _Thread_local unsigned mine;	/* + 1; 0 = none yet */

	if (mine == 0)
		mine = atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed) % SHARDS + 1;
	return mine - 1;
}

static unsigned count_labels(const struct fsv_metric *metric)
{
	unsigned n = metric->labels[0] != '\0';

	for (const char *p = metric->labels; *p; p++)
		n += *p == ',';
	return n;
}

static struct fsv_str value_of(const char *const *values, unsigned i)
{
	return fsv_str_sub(fsv_str(values[i] ? values[i] : ""), 0, VALUE_MAX);
}

/* Bytes that are no text, as a peer may send them, become '?'. */
static char *clean(struct fsv_str value)
{
	char *text = fsv_str_dup(value);
	size_t good = fsv_str_utf8(value);

	for (size_t i = 0; i < value.n; i++)
		if ((unsigned char)text[i] < 0x20 || (i >= good && (unsigned char)text[i] >= 0x80))
			text[i] = '?';
	return text;
}

static struct fsv_series *series_new(enum fsv_metric_type type, const char *const *values, unsigned n, uint64_t hash)
{
	size_t each = type == FSV_LATENCY ? BOUNDS + 2 : 1, stride = (each + 7) / 8 * 8;
	struct fsv_series *s = aligned_alloc(64, (sizeof(*s) + SHARDS * stride * sizeof(s->numbers[0]) + 63) / 64 * 64);

	FSV_BUG_ON(!s);		/* out of memory, as fsv_malloc has it */
	memset(s, 0, sizeof(*s) + SHARDS * stride * sizeof(s->numbers[0]));
	s->hash = hash;
	for (unsigned i = 0; i < n; i++)
		s->values[i] = clean(value_of(values, i));
	s->stride = stride;
	return s;
}

static _Atomic int64_t *shard(struct fsv_series *s, unsigned i)
{
	return &s->numbers[i * s->stride];
}

static void series_free(struct fsv_series *s)
{
	for (unsigned i = 0; i < FSV_METRIC_LABELS; i++)
		free(s->values[i]);
	free(s);
}

static struct fsv_metric_table *table_of(struct fsv_metric *metric, unsigned n)
{
	const char *const others[FSV_METRIC_LABELS] = { "other", "other", "other", "other" };
	struct fsv_metric_table *table = atomic_load_explicit(&metric->table, memory_order_acquire), *fresh;

	if (table)
		return table;
	fresh = FSV_NEW(struct fsv_metric_table);
	fresh->other = series_new(metric->type, others, n, 0);
	if (atomic_compare_exchange_strong(&metric->table, &table, fresh))
		return fresh;
	series_free(fresh->other);
	free(fresh);
	return table;
}

/* FNV-1a; the ends of values count, so that "ab","c" is not "a","bc". */
static uint64_t hash_of(const char *const *values, unsigned n)
{
	uint64_t h = 0xcbf29ce484222325;

	for (unsigned i = 0; i < n; i++) {
		struct fsv_str v = value_of(values, i);

		for (size_t k = 0; k < v.n; k++)
			h = (h ^ (unsigned char)v.p[k]) * 0x100000001b3;
		h = (h ^ 0xff) * 0x100000001b3;
	}
	return h;
}

/* Two with one hash of 64 bits would be counted as one; values are short and few. */
struct fsv_series *fsv_series_of(struct fsv_metric *metric, const char *const *values)
{
	unsigned n = count_labels(metric);
	struct fsv_metric_table *table = table_of(metric, n);
	uint64_t hash = hash_of(values, n);
	struct fsv_series *fresh = NULL, *s;

	for (unsigned i = (unsigned)(hash % SLOTS);; i = (i + 1) % SLOTS) {
		s = atomic_load_explicit(&table->slots[i], memory_order_acquire);
		if (!s) {
			if (!fresh && atomic_fetch_add(&table->n, 1) >= FSV_METRIC_SERIES) {
				atomic_fetch_sub(&table->n, 1);
				return table->other;
			}
			if (!fresh)
				fresh = series_new(metric->type, values, n, hash);
			if (atomic_compare_exchange_strong(&table->slots[i], &s, fresh))
				return fresh;
		}
		if (s->hash == hash)
			break;
	}
	if (fresh) {	/* another thread was quicker */
		atomic_fetch_sub(&table->n, 1);
		series_free(fresh);
	}
	return s;
}

void fsv_series_add(struct fsv_series *s, int64_t n)
{
	atomic_fetch_add_explicit(shard(s, my_shard()), n, memory_order_relaxed);
}

void fsv_series_observe(struct fsv_series *s, int64_t ns)
{
	_Atomic int64_t *numbers = shard(s, my_shard());
	unsigned i = 0;

	while (i < BOUNDS && ns > bounds[i])
		i++;
	atomic_fetch_add_explicit(&numbers[i], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&numbers[BOUNDS + 1], ns > 0 ? ns : 0, memory_order_relaxed);
}

const char *fsv_metric_number(int64_t number, char text[24])
{
	snprintf(text, 24, "%" PRId64, number);
	return text;
}

/* States ------------------------------------------------------------------------------------------ */

void fsv_metric_watch(struct fsv_metric *metric, fsv_metric_fn *fn, void *arg)
{
	pthread_mutex_lock(&watch_lock);
	metric->fn = fn;
	metric->arg = arg;
	pthread_mutex_unlock(&watch_lock);
}

void fsv_metric_unwatch(struct fsv_metric *metric, const void *arg)
{
	pthread_mutex_lock(&watch_lock);
	if (metric->arg == arg)
		metric->fn = NULL;
	pthread_mutex_unlock(&watch_lock);
}

/* The page ----------------------------------------------------------------------------------------- */

struct fsv_metric_out {
	struct fsv_buf *buf;
	const struct fsv_metric *metric;
};

static void put_escaped(struct fsv_buf *out, const char *value)
{
	for (const char *p = value; *p; p++) {
		if (*p == '\\' || *p == '"')
			fsv_buf_putc(out, '\\');
		fsv_buf_putc(out, *p == '\n' ? ' ' : *p);
	}
}

/* name<suffix>{label="value",…,le="bound"} and a blank. */
static void put_name(const struct fsv_metric_out *out, const char *suffix, const char *const *values, const char *le)
{
	const char *label = out->metric->labels;
	unsigned n = count_labels(out->metric);
	struct fsv_buf *b = out->buf;

	fsv_buf_printf(b, "%s%s", out->metric->name, suffix);
	if (n > 0 || le)
		fsv_buf_putc(b, '{');
	for (unsigned i = 0; i < n; i++) {
		size_t len = strcspn(label, ",");

		fsv_buf_printf(b, "%s%.*s=\"", i > 0 ? "," : "", (int)len, label);
		put_escaped(b, values[i] ? values[i] : "");
		fsv_buf_putc(b, '"');
		label += len + (label[len] == ',');
	}
	if (le)
		fsv_buf_printf(b, "%sle=\"%s\"", n > 0 ? "," : "", le);
	if (n > 0 || le)
		fsv_buf_putc(b, '}');
	fsv_buf_putc(b, ' ');
}

void fsv_metric_put(struct fsv_metric_out *out, double value, const char *const *values)
{
	put_name(out, "", values, NULL);
	fsv_buf_printf(out->buf, "%.15g\n", value);
}

static int64_t sum_of(struct fsv_series *s, unsigned which)
{
	int64_t sum = 0;

	for (unsigned i = 0; i < SHARDS; i++)
		sum += atomic_load_explicit(&shard(s, i)[which], memory_order_relaxed);
	return sum;
}

static void put_latency(const struct fsv_metric_out *out, struct fsv_series *s)
{
	const char *const *values = (const char *const *)s->values;
	int64_t total = 0;

	for (unsigned i = 0; i <= BOUNDS; i++) {
		total += sum_of(s, i);
		put_name(out, "_bucket", values, i < BOUNDS ? bound_texts[i] : "+Inf");
		fsv_buf_printf(out->buf, "%" PRId64 "\n", total);
	}
	put_name(out, "_sum", values, NULL);
	fsv_buf_printf(out->buf, "%.9f\n", (double)sum_of(s, BOUNDS + 1) / 1e9);
	put_name(out, "_count", values, NULL);
	fsv_buf_printf(out->buf, "%" PRId64 "\n", total);
}

static void put_series(const struct fsv_metric_out *out, struct fsv_series *s)
{
	if (out->metric->type == FSV_LATENCY) {
		put_latency(out, s);
	} else {
		put_name(out, "", (const char *const *)s->values, NULL);
		fsv_buf_printf(out->buf, "%" PRId64 "\n", sum_of(s, 0));
	}
}

static void put_metric(struct fsv_metric *metric, struct fsv_buf *buf)
{
	static const char *const types[] = { "counter", "gauge", "histogram" };
	struct fsv_metric_table *table = atomic_load_explicit(&metric->table, memory_order_acquire);
	struct fsv_metric_out out = { buf, metric };

	fsv_buf_printf(buf, "# HELP %s %s\n# TYPE %s %s\n", metric->name, metric->help, metric->name,
		       types[metric->type]);
	/* A counter without labels is there from the start; of what has labels nobody knows the values, and a state that
	 * nobody keeps is not 0. */
	if (!table && !metric->fn && metric->type != FSV_GAUGE && metric->labels[0] == '\0') {
		(void)fsv_series_of(metric, FSV_LABELS());
		table = atomic_load_explicit(&metric->table, memory_order_acquire);
	}
	for (unsigned i = 0; table && i < SLOTS; i++) {
		struct fsv_series *s = atomic_load_explicit(&table->slots[i], memory_order_acquire);

		if (s)
			put_series(&out, s);
	}
	if (table && atomic_load(&table->n) >= FSV_METRIC_SERIES)
		put_series(&out, table->other);
	if (metric->fn)
		metric->fn(metric, &out, metric->arg);
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(struct fsv_metric *const *)a)->name, (*(struct fsv_metric *const *)b)->name);
}

/* The caller frees. */
static struct fsv_metric **sorted(size_t *ret_n)
{
	size_t n = (size_t)(end_metric - first_metric);
	struct fsv_metric **all = FSV_NEW_N(struct fsv_metric *, n + 1);

	if (n > 0)
		memcpy(all, first_metric, n * sizeof(*all));
	qsort(all, n, sizeof(*all), by_name);
	*ret_n = n;
	return all;
}

void fsv_metrics_write(struct fsv_buf *out)
{
	FSV_AUTO_MEM struct fsv_metric **all = NULL;
	size_t n;

	all = sorted(&n);
	pthread_mutex_lock(&watch_lock);
	for (size_t i = 0; i < n; i++)
		put_metric(all[i], out);
	pthread_mutex_unlock(&watch_lock);
}

void fsv_metrics_man(struct fsv_buf *out)
{
	static const char *const types[] = { "counter", "gauge", "histogram of seconds" };
	FSV_AUTO_MEM struct fsv_metric **all = NULL;
	size_t n;

	all = sorted(&n);
	for (size_t i = 0; i < n; i++) {
		fsv_buf_printf(out, ".It Va %s\n.Pq %s", all[i]->name, types[all[i]->type]);
		if (all[i]->labels[0])
			fsv_buf_printf(out, "\nLabels: %s.", all[i]->labels);
		fsv_buf_putc(out, '\n');
		for (const char *p = all[i]->help; *p; p++)	/* a sentence begins a line */
			fsv_buf_putc(out, *p == ' ' && p > all[i]->help && p[-1] == '.' ? '\n' : *p);
		fsv_buf_putc(out, '\n');
	}
}
