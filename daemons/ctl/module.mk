SRC_daemons/ctl := admin-passwd.c call.c capture.c commands.c csv.c daemons.c folder.c import.c message-read.c message-show.c model-change.c \
	model-list.c model-pack.c model-score.c model-show.c output.c publish-file.c registry.c registry-walk.c remote.c scrape.c \
	status.c text-read.c \
	text-show.c tls.c tls-show.c top.c trace.c wire.c
BIN_daemons/ctl := fate-servingctl
DEPS_daemons/ctl := daemons/serving-server daemons/proxy daemons/admin lib/svc lib/registry lib/call lib/model lib/net lib/conf lib/proto lib/codec lib/base
