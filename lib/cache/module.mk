SRC_lib/cache := cache.c cache-local.c cache-redis.c
DEPS_lib/cache := lib/net lib/codec lib/base
