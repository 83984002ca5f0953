SRC_lib/net := http.c http-accept.c http-client.c http-reply.c http-request.c http-view.c \
	rpc.c rpc-call.c rpc-client.c rpc-inflate.c rpc-listen.c rpc-msg.c rpc-server.c tls.c tls-check.c tls-make.c
DEPS_lib/net := lib/proto lib/codec lib/base
PKGS_lib/net := grpc gpr libmicrohttpd libcurl libssl libcrypto zlib
