SRC_lib/net := redis.c redis-conn.c redis-node.c redis-reply.c redis-slots.c \
	http.c http-accept.c http-client.c http-error.c http-reply.c http-request.c http-tls.c http-view.c listen.c \
	probe.c rpc.c rpc-accept.c rpc-call.c rpc-client.c rpc-health.c rpc-inflate.c rpc-listen.c rpc-msg.c rpc-server.c \
	tls.c tls-check.c tls-make.c zk.c
DEPS_lib/net := lib/proto lib/codec lib/base
PKGS_lib/net := grpc gpr hiredis libmicrohttpd gnutls libcurl libssl libcrypto zlib
CFLAGS_lib/net := -DTHREADED
LIBS_lib/net := -lzookeeper_mt
