SRC_lib/registry := address.c components.c files.c hop.c keys.c own.c pick.c provider.c registry.c view.c watch.c
DEPS_lib/registry := lib/net lib/conf lib/codec lib/base
