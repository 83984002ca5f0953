/* SPDX-License-Identifier: Apache-2.0 */
/* Doubles to and from text, in the spellings of Java and JSON. */
#ifndef FSV_CODEC_NUMBER_H
#define FSV_CODEC_NUMBER_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

enum { FSV_DOUBLE_TEXT_MAX = 32 };

/* Double.toString as it is before Java 19: digits that read back equal, the shortest but for whole numbers beyond
 * 2^53, some up to 2^100, and powers of two; positional with at least one fraction
 * digit for 1e-3 <= |v| < 1e7, else D.DDDE[-]X; "NaN", "Infinity", "-Infinity", "0.0", "-0.0".
 * Writes no NUL; returns the length. */
size_t fsv_double_to_java(double v, char out[FSV_DOUBLE_TEXT_MAX]);
/* The same rules for a float32 (usedPercent). */
size_t fsv_float_to_java(float v, char out[FSV_DOUBLE_TEXT_MAX]);

/* A JSON number's spelling to the nearest double (ties to even). The text must be valid. */
double fsv_double_from_json(struct fsv_str spelling);

/* Double.valueOf: bytes <= 0x20 around it ignored, optional sign, NaN, Infinity, decimal or hex
 * with p, optional suffix f F d D. False on anything else. */
bool fsv_double_from_java(struct fsv_str text, double *ret_value);

#endif
