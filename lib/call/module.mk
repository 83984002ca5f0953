SRC_lib/call := message.c packet-json.c trace.c
DEPS_lib/call := lib/proto lib/codec lib/base
