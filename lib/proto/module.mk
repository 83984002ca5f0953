# Generated code only; see scripts/mk/proto.mk.
SRC_lib/proto :=
OBJ_EXTRA_lib/proto = $(PROTO_C:$(GEN)/%.c=$(B)/gen/%.o)
DEPS_lib/proto :=
PKGS_lib/proto := libprotobuf-c
