/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Java's modified UTF-8: UTF-16 units, one to three bytes each. U+0000 takes two bytes, a character
 * beyond U+FFFF six, one half for each of its surrogates.
 */
#ifndef FSV_CODEC_JAVA_TEXT_H
#define FSV_CODEC_JAVA_TEXT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

/* Copies into the arena as UTF-8. A surrogate without its other half becomes U+FFFD. False for bytes
 * that no unit is made of. */
bool fsv_java_text_decode(struct fsv_str bytes, struct fsv_arena *arena, struct fsv_str *ret_text);

#endif
