SRC_lib/cache := cache.c cache-local.c
DEPS_lib/cache := lib/net lib/codec lib/base
