/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A second evaluator, to hold plans against: maps of names to values, filled and walked component by component as
 * the specification of the algorithms tells it, with Java's HashMap acted out bucket by bucket. It shares
 * nothing with lib/model, not even the reading of packages: a test describes a model once for both.
 */
#ifndef FSV_TEST_PLAIN_EVAL_H
#define FSV_TEST_PLAIN_EVAL_H

#include <stdbool.h>

enum { PLAIN_COLUMNS = 200, PLAIN_TEXT = 40, PLAIN_CLASSES = 4, PLAIN_EMBED = 4, PLAIN_POINTS = 6 };

enum plain_kind { PLAIN_NULL, PLAIN_BOOL, PLAIN_INT, PLAIN_DOUBLE, PLAIN_STRING };

struct plain_value {
	enum plain_kind kind;
	double number;			/* INT, DOUBLE; BOOL: 0, 1 */
	char text[PLAIN_TEXT];		/* STRING */
};

struct plain_entry {
	char name[PLAIN_TEXT];
	struct plain_value value;
};

/* capacity 0: keeps the order of insertion; else a HashMap of as many buckets. */
struct plain_map {
	unsigned capacity, n;
	struct plain_entry entries[PLAIN_COLUMNS];
};

enum plain_step {
	PLAIN_INPUT, PLAIN_BIN, PLAIN_SELECT, PLAIN_ONE_HOT, PLAIN_SCALE, PLAIN_IMPUTE, PLAIN_EXPAND,
	PLAIN_LINEAR, PLAIN_CLASSES_STEP, PLAIN_MACHINE,
};

/* What a component knows of a column. */
struct plain_column {
	char name[PLAIN_TEXT];
	char replacement[PLAIN_TEXT], outlier[PLAIN_TEXT];	/* INPUT; IMPUTE and EXPAND use the first */
	bool imputed, cut, outside;				/* INPUT; outside: not in the header */
	double points[PLAIN_POINTS], woe[PLAIN_POINTS + 1];	/* BIN, ascending; woe has one more for NaN */
	unsigned n_points;
	char values[PLAIN_POINTS][PLAIN_TEXT];			/* ONE_HOT: columns name_value */
	unsigned n_values;
	double upper, lower, mean, std;				/* SCALE */
	double weight[PLAIN_CLASSES], embedding[PLAIN_EMBED];	/* predictors */
};

struct plain_component {
	enum plain_step step;
	bool sparse, imputer, outlier;				/* INPUT */
	bool woe;						/* BIN */
	bool standard;						/* SCALE */
	char tokens[6][PLAIN_TEXT];				/* INPUT, IMPUTE: what counts as missing */
	unsigned n_tokens;
	char cuts[6][PLAIN_TEXT];				/* INPUT: what counts as an outlier */
	unsigned n_cuts;
	double intercept[PLAIN_CLASSES];
	unsigned n_classes, embed;
	struct plain_column columns[PLAIN_COLUMNS];		/* in the order of the package */
	unsigned n;
};

struct plain_result {
	double scores[PLAIN_CLASSES], cross[PLAIN_EMBED];
	unsigned n_scores, n_cross;
};

/* Puts as a map does: a name that is there keeps its place. */
void plain_put(struct plain_map *map, const char *name, const struct plain_value *value);

/* False when a value that is needed is no number, or a score not finite. chunk: lr.split.size, 0 = one sum. */
bool plain_run(const struct plain_component *components, unsigned n, const struct plain_map *request, unsigned chunk,
	       struct plain_result *ret_result);

#endif
