# Checks that need no program of ours to run.

.PHONY: check-layers check-headers check-units check-docs check-system check-hosts check-hard-days check-package check-package-build
check-layers:
	@scripts/check-layers

# Every header compiles alone.
HEADERS := $(wildcard lib/*/*.h daemons/*/*.h include/*/*.h tests/lib/*.h)
check-headers: | proto-headers
	@bad=0; for h in $(HEADERS); do \
		printf '#include "%s"\n' $$h | $(filter-out -MMD -MP,$(COMPILE)) -I. -x c -fsyntax-only - || { echo "header $$h does not compile alone"; bad=1; }; \
	done; [ $$bad = 0 ] && echo "headers: $(words $(HEADERS)) compile alone"

check-units:
	@scripts/check-units

check-docs: $(BINARIES)
	@scripts/check-docs $(B)

SYSTEM_TESTS := $(sort $(wildcard tests/system/[0-9][0-9]-*))
check-system: $(BINARIES)
	@FSV_BUILD=$(abspath $(B)) scripts/run-tests system $(if $(T),$(foreach t,$(T),$(filter tests/system/$(t)%,$(SYSTEM_TESTS))),$(SYSTEM_TESTS))

check-hosts: $(BINARIES)
	@FSV_BUILD=$(abspath $(B)) scripts/run-tests system tests/hosts/run

# Power cuts, full disks, clocks that jump, partners that fall silent. HARD_DAYS=--short: those that scripts/test runs.
check-hard-days: $(BINARIES)
	@FSV_BUILD=$(abspath $(B)) HARD_DAYS="$(HARD_DAYS)" FSV_TEST_TIMEOUT=3600 scripts/run-tests system tests/hosts/hard-days

# Set-up in a root folder. The packages on booted hosts: install, set-up, upgrade, remove; the commands of README.md. Made without their unit tests.
check-package: $(BINARIES)
	@DEB_BUILD_OPTIONS=nocheck scripts/make-deb >$(BUILD)/deb.log 2>&1 || { tail -40 $(BUILD)/deb.log; exit 1; }
	@scripts/make-deb-before >$(BUILD)/deb-before.log 2>&1 || { tail -40 $(BUILD)/deb-before.log; exit 1; }
	@FSV_BUILD=$(abspath $(B)) scripts/run-tests system tests/package/05-setup-root tests/package/10-deb tests/package/20-readme

# What the packages are: made twice, with their unit tests, in a system that has nothing but Build-Depends; the RPMs.
check-package-build:
	@scripts/run-tests system tests/package/50-build tests/package/60-rpm

# Models that a real FATE trained, pushed by its FATE-Flow servers; FATE is the folder of an installed FATE 1.11,
# TRIAL="--work FOLDER registry" what to try.
.PHONY: trial-fate-flow
trial-fate-flow: $(BINARIES)
	@FSV_BUILD=$(abspath $(B)) tests/trial/fate-flow "$(FATE)" $(TRIAL)

# Beside a bare gRPC-core chain with the same hops; BENCH="--seconds 10 --rounds 5".
.PHONY: bench bench-bins
BENCH_BIN := $(B)/bench-load $(B)/bench-bare
bench-bins: $(BENCH_BIN)
$(B)/bench-load: $(B)/tests/bench/bench-load.o $(call archive,lib/base)
	$(Q)$(LINK) -o $@ $^ $(MALLOC_LIBS) -lpthread
$(B)/bench-bare: $(B)/tests/bench/bench-bare.o
	$(Q)$(LINK) -o $@ $^ $(call pkg_libs,grpc gpr libmicrohttpd) $(MALLOC_LIBS) -lpthread
bench: $(BINARIES) $(BENCH_BIN)
	@FSV_BUILD=$(abspath $(B)) scripts/bench $(BENCH)

# The engine alone: time of a row, allocations, memory of plans.
.PHONY: bench-engine
BENCH_ENGINE := $(B)/bench-engine
$(BENCH_ENGINE): $(B)/tests/bench/bench-engine.o $(foreach m,$(call closure,lib/model),$(B)/$(m).a)
	$(Q)$(LINK) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc -o $@ $< $(call link_libs,lib/model)
bench-engine: $(BENCH_ENGINE)
	@scripts/bench-engine $(BENCH_ENGINE)

# Memory over many requests; SOAK=1000000.
.PHONY: soak
soak: $(BINARIES) $(BENCH_BIN)
	@FSV_BUILD=$(abspath $(B)) scripts/soak $(SOAK)

# Changes of models with kills between them, and the start of a server that has 1,000.
.PHONY: soak-models
soak-models: $(BINARIES)
	@FSV_BUILD=$(abspath $(B)) tests/system/39-model-crash $(or $(SOAK),1000)
	@FSV_BUILD=$(abspath $(B)) scripts/many-models
# No request fails while daemons are restarted and reloaded; SOAK="1000000 20 50" is requests, restarts, reloads.
.PHONY: soak-restarts
soak-restarts: $(BINARIES) $(BENCH_BIN)
	@FSV_BUILD=$(abspath $(B)) scripts/soak-restarts $(SOAK)

# Mixed clusters with the reference: JAVA is a built checkout of it; PARTS="tables pool" some of the parts.
.PHONY: trial-java
trial-java: $(BINARIES)
	@FSV_BUILD=$(abspath $(B)) tests/trial/java $(JAVA) $(PARTS)
