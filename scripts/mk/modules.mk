# A module is a folder with a module.mk that sets, for its path M:
#   SRC_M    its .c files
#   DEPS_M   the modules below it that it uses
#   PKGS_M   pkg-config names; LIBS_M  further libraries
#   BIN_M    for a daemon: the binary's name; main.c stays out of the archive

MODULES := lib/base lib/codec lib/proto lib/conf lib/net lib/sql lib/registry lib/model lib/cache lib/call lib/svc \
	daemons/serving-server daemons/proxy daemons/admin daemons/ctl
MODULES := $(foreach m,$(MODULES),$(if $(wildcard $(m)/module.mk),$(m)))
include $(addsuffix /module.mk,$(MODULES))

# Every module that M links with, itself first, each after all that use it.
closure = $(if $(1),$(call uniq,$(1) $(call closure,$(strip $(foreach m,$(1),$(DEPS_$(m)))))))
uniq = $(if $(1),$(call uniq,$(filter-out $(lastword $(1)),$(1))) $(lastword $(1)))
uniq_first = $(if $(1),$(firstword $(1)) $(call uniq_first,$(filter-out $(firstword $(1)),$(1))))

# What the packages' build needs, by its pkg-config names.
ALL_PKGS = $(sort $(foreach m,$(MODULES),$(PKGS_$(m))))

archive = $(B)/$(1).a
pkg_libs = $(if $(1),$(shell $(PKG_CONFIG) --libs $(1)))
link_libs = $(foreach m,$(call closure,$(1)),$(call archive,$(m))) \
	$(call pkg_libs,$(call uniq_first,$(foreach m,$(call closure,$(1)),$(PKGS_$(m))))) \
	$(foreach m,$(call closure,$(1)),$(LIBS_$(m))) $(MALLOC_LIBS) -lpthread -lm

BINARIES :=
define module
.PHONY: $(1)
$(1): $(B)/$(1).a
OBJ_$(1) := $$(patsubst %.c,$(B)/$(1)/%.o,$$(SRC_$(1))) $$(OBJ_EXTRA_$(1))
$(B)/$(1).a: $$(OBJ_$(1)) $(1)/module.mk
	@$$(call say,AR,$$@)
	$$(Q)mkdir -p $$(@D) && rm -f $$@ && ar rcs $$@ $$(filter %.o,$$^)
ifneq ($(BIN_$(1)),)
BINARIES += $(B)/$(BIN_$(1))
$(B)/$(BIN_$(1)): $(B)/$(1)/main.o $(foreach m,$(call closure,$(1)),$(B)/$(m).a)
	@$$(call say,LD,$$@)
	$$(Q)$$(LINK) -o $$@ $(B)/$(1)/main.o $$(call link_libs,$(1))
endif
endef
$(foreach m,$(MODULES),$(eval $(call module,$(m))))

MODULE_OF = $(firstword $(foreach m,$(MODULES),$(if $(filter $(m)/%,$(1)),$(m))))

$(B)/%.o: %.c $(B)/flags | proto-headers
	@mkdir -p $(@D)
	@$(call say,CC,$<)
	$(Q)$(COMPILE) $(CFLAGS_$(call MODULE_OF,$<)) -c -o $@ $<

-include $(shell find $(B) -name '*.d' 2>/dev/null)
