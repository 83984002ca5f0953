SRC_lib/call := counts.c message.c packet-json.c trace.c
DEPS_lib/call := lib/proto lib/codec lib/base
