/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model's list of texts that stand for "missing" or "outlier", ready to be matched against values
 * without formatting them.
 *
 * A text matches a token that equals it as it stands or with its ASCII letters in lower case (the
 * reference only does the latter, so that its tokens with capitals never match). A number matches a
 * token that is the same number, however spelt: -999.0 matches "-999" (the reference compares
 * spellings). true and false match by text. Lists and objects match nothing.
 */
#ifndef FSV_MODEL_TOKENS_H
#define FSV_MODEL_TOKENS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

struct fsv_cell;

struct fsv_tokens {
	struct fsv_str *texts;
	size_t n_texts;
	double *numbers;
	size_t n_numbers;
	uint64_t lengths;	/* bit i: there is a text of i bytes; bit 63: or longer */
};

/* Copies. */
void fsv_tokens_init(struct fsv_tokens *tokens, char *const *texts, size_t n, struct fsv_arena *arena);
bool fsv_tokens_match(const struct fsv_tokens *tokens, const struct fsv_cell *cell);

#endif
