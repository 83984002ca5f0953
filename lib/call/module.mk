SRC_lib/call := counts.c flow.c gate.c message.c packet-json.c span-json.c span-queue.c spans.c trace.c traffic.c
DEPS_lib/call := lib/net lib/conf lib/proto lib/codec lib/base
