SRC_lib/svc := health.c journal.c monitor.c options.c process.c sockets.c svc.c svc-metrics.c trim.c
DEPS_lib/svc := lib/net lib/conf lib/proto lib/codec lib/base
PKGS_lib/svc := libsystemd
