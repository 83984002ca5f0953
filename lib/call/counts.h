/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is counted of every request, under the same names in all daemons. hop is the door that it came in by: in
 * the proxy "http", "intra" and "inter", in the server "guest" and "host".
 */
#ifndef FSV_CALL_COUNTS_H
#define FSV_CALL_COUNTS_H

#include <stdint.h>

/* A request has been answered. began: monotonic ns. Codes are the reference's, as on the wire; a proxy that passes
 * a packet's answer on without reading it counts 0. [any thread] */
void fsv_count_request(const char *hop, const char *service, int64_t code, int64_t began);
/* Another party has answered, or a question to it failed: status is gRPC's. [any thread] */
void fsv_count_partner(const char *party, const char *status, int64_t began);

#endif
