# protobuf-c code from lib/proto/*.proto, generated into the build folder.

PROTOS := $(wildcard lib/proto/*.proto)
PROTO_C := $(PROTOS:%.proto=$(GEN)/%.pb-c.c)
PROTO_H := $(PROTO_C:.c=.h)
PROTOC ?= protoc-c

$(GEN)/%.pb-c.c $(GEN)/%.pb-c.h &: %.proto
	@mkdir -p $(@D)
	@$(call say,PROTOC,$<)
	$(Q)$(PROTOC) -I. --c_out=$(GEN) $<

.PHONY: proto-headers
proto-headers: $(PROTO_H)

$(B)/gen/%.o: $(GEN)/%.c $(B)/flags | proto-headers
	@mkdir -p $(@D)
	@$(call say,CC,$<)
	$(Q)$(COMPILE) -Wno-undef -c -o $@ $<
