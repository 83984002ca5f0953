# Compiler flags per flavour. CFLAGS, CPPFLAGS and LDFLAGS belong to whoever packages; ours are FSV_*.

ifeq ($(origin CC),default)
CC := $(if $(filter fuzz,$(FLAVOUR)),clang,gcc)
endif
PKG_CONFIG ?= pkg-config

FSV_CPPFLAGS := -D_GNU_SOURCE -DFSV_VERSION='"$(VERSION)"' -DFSV_SYSCONFDIR='"$(sysconfdir)"' -Ilib -I$(GEN) -Iinclude
FSV_CFLAGS := -std=gnu11 -g -fno-strict-overflow -ffp-contract=off -fvisibility=hidden \
	-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	-Wpointer-arith -Wwrite-strings -Wundef -Wvla -Wformat=2 -Wnull-dereference \
	-Wimplicit-fallthrough -Wno-missing-field-initializers
FSV_LDFLAGS := -Wl,-z,relro,-z,now -Wl,--as-needed

ifneq ($(CI),)
FSV_CFLAGS += -Werror
endif

ifeq ($(FLAVOUR),release)
FSV_CFLAGS += -O2 -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE
FSV_CPPFLAGS += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
FSV_LDFLAGS += -pie
# Returns memory after a burst and costs less CPU than the C library's own; see docs/PERFORMANCE.md.
MALLOC_LIBS := -ljemalloc
else ifeq ($(FLAVOUR),debug)
FSV_CFLAGS += -O0 -fno-omit-frame-pointer
else ifeq ($(FLAVOUR),asan)
FSV_CFLAGS += -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
FSV_LDFLAGS += -fsanitize=address,undefined
else ifeq ($(FLAVOUR),tsan)
FSV_CFLAGS += -O1 -fno-omit-frame-pointer -fsanitize=thread
FSV_LDFLAGS += -fsanitize=thread
else ifeq ($(FLAVOUR),cov)
FSV_CFLAGS += -O0 --coverage
FSV_LDFLAGS += --coverage
else ifeq ($(FLAVOUR),fuzz)
FSV_CFLAGS += -O1 -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
FSV_LDFLAGS += -fsanitize=address,undefined
else
$(error FLAVOUR is $(FLAVOUR); use release, debug, asan, tsan, cov or fuzz)
endif

Q := $(if $(V),,@)
say = $(if $(V),:,printf '  %-7s %s\n') $(1) $(2)

# A change of flags or compiler rebuilds everything in this flavour's folder.
FLAGS_NOW := $(CC) $(FSV_CPPFLAGS) $(CPPFLAGS) $(FSV_CFLAGS) $(CFLAGS) $(FSV_LDFLAGS) $(LDFLAGS)
$(shell mkdir -p $(B); f=$(B)/flags; [ "$$(cat $$f 2>/dev/null)" = '$(subst ','\'',$(FLAGS_NOW))' ] || \
	printf '%s\n' '$(subst ','\'',$(FLAGS_NOW))' > $$f)

COMPILE = $(CC) $(FSV_CPPFLAGS) $(CPPFLAGS) $(FSV_CFLAGS) $(CFLAGS) -MMD -MP
LINK = $(CC) $(FSV_CFLAGS) $(CFLAGS) $(FSV_LDFLAGS) $(LDFLAGS)
