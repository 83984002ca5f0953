SRC_daemons/ctl := commands.c csv.c folder.c import.c known.c message-read.c message-show.c model-pack.c model-score.c model-show.c \
	output.c text-read.c text-show.c wire.c
BIN_daemons/ctl := fate-servingctl
DEPS_daemons/ctl := daemons/serving-server daemons/proxy lib/model lib/conf lib/proto lib/codec lib/base
