SRC_lib/base := arena.c buf.c crew.c err.c fd.c log.c loop.c map.c mem.c metrics.c pool.c queue.c random.c ref.c str.c thread.c time.c
DEPS_lib/base :=
