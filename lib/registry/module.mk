SRC_lib/registry := address.c files.c own.c pick.c provider.c registry.c view.c watch.c
DEPS_lib/registry := lib/net lib/codec lib/base
