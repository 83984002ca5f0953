# Unit tests: tests/unit/<folder>/test-x.c, each its own cmocka program, linked with the module of
# that name (lib/<folder> or daemons/<folder>) and what lies below. Fuzz targets: tests/fuzz/fuzz-x.c.

# tests/unit/<folder> -> module; a test that needs more says so in TEST_DEPS_<path without .c>.
unit_module = $(firstword $(wildcard lib/$(1) daemons/$(1)))
UNIT_SRC := $(wildcard tests/unit/*/test-*.c)
UNIT_BIN := $(UNIT_SRC:%.c=$(B)/%)
T ?=
UNIT_RUN := $(if $(T),$(filter $(B)/tests/unit/$(T) $(B)/tests/unit/$(T)/%,$(UNIT_BIN)),$(UNIT_BIN))

-include $(wildcard tests/unit/*/test.mk tests/fuzz/fuzz.mk)

TESTLIB_SRC := $(wildcard tests/lib/*.c)
TESTLIB_OBJ := $(patsubst %.c,$(B)/%.o,$(filter-out tests/lib/fuzz-replay.c,$(TESTLIB_SRC)))

test_module = $(or $(TEST_DEPS_$(1)),$(call unit_module,$(notdir $(patsubst %/,%,$(dir $(1))))))

define unit_test
$(B)/$(1): $(B)/$(1).o $(TESTLIB_OBJ) $(foreach m,$(call closure,$(call test_module,$(1))),$(B)/$(m).a)
	@$$(call say,LD,$$@)
	$$(Q)$$(LINK) -o $$@ $$< $(TESTLIB_OBJ) $$(call link_libs,$$(call test_module,$(1))) -lcmocka
endef
$(foreach t,$(UNIT_SRC:.c=),$(eval $(call unit_test,$(t))))

.PHONY: check-unit unit-bins
unit-bins: $(UNIT_BIN)
check-unit: $(UNIT_RUN)
	@scripts/run-tests unit $(UNIT_RUN)

FUZZ_SRC := $(wildcard tests/fuzz/fuzz-*.c)
FUZZ_BIN := $(FUZZ_SRC:%.c=$(B)/%)
FUZZ_SECONDS ?= 60
FUZZ_MAIN := $(if $(filter fuzz,$(FLAVOUR)),,$(B)/tests/lib/fuzz-replay.o)
FUZZ_LINK := $(if $(filter fuzz,$(FLAVOUR)),-fsanitize=fuzzer)

define fuzz_target
$(B)/$(1): $(B)/$(1).o $(FUZZ_MAIN) $(foreach m,$(call closure,$(TEST_DEPS_$(1))),$(B)/$(m).a)
	@$$(call say,LD,$$@)
	$$(Q)$$(LINK) $(FUZZ_LINK) -o $$@ $$< $(FUZZ_MAIN) $$(call link_libs,$$(TEST_DEPS_$(1)))
endef
$(foreach t,$(FUZZ_SRC:.c=),$(eval $(call fuzz_target,$(t))))

.PHONY: check-fuzz fuzz fuzz-bins
fuzz-bins: $(FUZZ_BIN)
check-fuzz: $(FUZZ_BIN)
	@scripts/run-tests fuzz $(FUZZ_BIN)

# make fuzz F=json: coverage-guided, new inputs are kept beside the committed corpus only when moved there.
fuzz:
	$(Q)$(MAKE) FLAVOUR=fuzz $(BUILD)/fuzz/tests/fuzz/fuzz-$(F)
	$(Q)mkdir -p $(BUILD)/fuzz/corpus/$(F)
	$(BUILD)/fuzz/tests/fuzz/fuzz-$(F) -max_total_time=$(FUZZ_SECONDS) -max_len=65536 -timeout=10 \
		$(BUILD)/fuzz/corpus/$(F) $(wildcard tests/fuzz/corpus/$(F))
