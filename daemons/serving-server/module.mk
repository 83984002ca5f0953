SRC_daemons/serving-server := adaptor.c adaptor-file.c adaptor-http.c adaptor-mock.c adaptor-parallel.c answer.c \
	coerce.c common-service.c envelope.c feature-file.c flow.c guest.c guest-merge.c guest-packet.c host.c http-answer.c http-api.c \
	http-fault.c http-work.c model-copy.c model-load.c model-migrate.c model-publish.c \
	model-query.c model-service.c relay.c request.c server.c serving-server-conf.c traffic.c
BIN_daemons/serving-server := fate-serving-server
DEPS_daemons/serving-server := lib/svc lib/call lib/model lib/net lib/conf lib/proto lib/codec lib/base
