/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reference's mathematics where the C library's differs. Java's Math.exp on x86-64 is neither
 * correctly rounded nor glibc's: one result in 400 differs in the last place, and with it one score
 * in 1,000. This one agrees bit by bit over the whole range, subnormal results included.
 */
#ifndef FSV_MODEL_JAVA_MATH_H
#define FSV_MODEL_JAVA_MATH_H

/* Math.exp. NaN stays NaN. [any thread] */
double fsv_java_exp(double x);

/* 1/(1+exp(-x)), as every predictor of the reference has it: no guard, -1000 gives 0. */
static inline double fsv_java_sigmoid(double x)
{
	return 1.0 / (1.0 + fsv_java_exp(-x));
}

#endif
