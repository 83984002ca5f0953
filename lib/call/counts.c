/* SPDX-License-Identifier: Apache-2.0 */
#include "counts.h"

#include "base/metrics.h"
#include "base/time.h"

FSV_METRIC(requests, FSV_COUNTER, "fate_serving_requests_total", "hop,service,code",
	   "Requests answered, by the door they came in by, service, and code on the wire (0: success).");
FSV_METRIC(request_seconds, FSV_LATENCY, "fate_serving_request_seconds", "hop,service",
	   "From the arrival of a request to its answer.");
FSV_METRIC(partner_requests, FSV_COUNTER, "fate_serving_partner_requests_total", "party,status",
	   "Packets sent on behalf of requests, by party that they are for and gRPC status of the next hop.");
FSV_METRIC(partner_seconds, FSV_LATENCY, "fate_serving_partner_seconds", "party",
	   "From sending a packet to a party to its answer.");

void fsv_count_request(const char *hop, const char *service, int64_t code, int64_t began)
{
	char text[24];

	fsv_metric_count(&requests, hop, service, code == 0 ? "0" : fsv_metric_number(code, text));
	fsv_metric_observe(&request_seconds, fsv_now_ns() - began, hop, service);
}

void fsv_count_partner(const char *party, const char *status, int64_t began)
{
	fsv_metric_count(&partner_requests, party, status);
	fsv_metric_observe(&partner_seconds, fsv_now_ns() - began, party);
}
