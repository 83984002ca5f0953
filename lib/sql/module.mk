SRC_lib/sql := mariadb.c sql.c sqlite.c statement.c values.c
DEPS_lib/sql := lib/codec lib/base
PKGS_lib/sql := libmariadb sqlite3
CFLAGS_lib/sql := $(shell $(PKG_CONFIG) --cflags libmariadb)
