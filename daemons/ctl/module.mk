SRC_daemons/ctl := capture.c commands.c daemons.c folder.c import.c known.c message-read.c message-show.c model-pack.c model-show.c \
	output.c scrape.c status.c text-read.c text-show.c top.c trace.c wire.c
BIN_daemons/ctl := fate-servingctl
DEPS_daemons/ctl := daemons/serving-server daemons/proxy lib/svc lib/model lib/conf lib/proto lib/codec lib/base
