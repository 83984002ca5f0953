SRC_lib/conf := conf.c docs.c dump.c import.c load.c props.c suggest.c value.c
DEPS_lib/conf := lib/codec lib/base
