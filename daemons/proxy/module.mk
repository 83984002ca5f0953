SRC_daemons/proxy := auth.c channels.c common-service.c federation.c federation-body.c forward-http.c health.c http-front.c http-types.c lenient.c \
	listeners.c proxy.c proxy-conf.c registration.c route-parse.c route-save.c route-table.c route-watch.c routing.c unary.c
BIN_daemons/proxy := fate-serving-proxy
DEPS_daemons/proxy := lib/svc lib/registry lib/call lib/net lib/conf lib/proto lib/codec lib/base
