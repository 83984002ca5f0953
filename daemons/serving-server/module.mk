SRC_daemons/serving-server := adaptor.c adaptor-file.c adaptor-http.c adaptor-mock.c adaptor-parallel.c \
	adaptor-plugin.c adaptor-redis.c adaptor-sql.c answer.c coerce.c common-service.c envelope.c errand.c feature-file.c \
	feature-key.c guest.c guest-batch.c guest-cache.c guest-merge.c guest-packet.c host.c http-answer.c http-api.c \
	http-fault.c http-work.c keys.c model-copy.c model-load.c model-migrate.c model-publish.c model-query.c \
	model-service.c plugin.c redis-features.c registration.c relay.c request.c server.c server-show.c server-view.c slices.c \
	serving-server-conf.c
BIN_daemons/serving-server := fate-serving-server
DEPS_daemons/serving-server := lib/svc lib/registry lib/cache lib/call lib/model lib/sql lib/net lib/conf lib/proto lib/codec lib/base
CFLAGS_daemons/serving-server := -DFSV_PLUGIN_FOLDER='"$(plugindir)"'
