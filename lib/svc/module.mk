SRC_lib/svc := journal.c options.c svc.c
DEPS_lib/svc := lib/conf lib/codec lib/base
PKGS_lib/svc := libsystemd
