# FATE-Serving in C: the one build file.
#
#   make                      all binaries into build/$(FLAVOUR)/
#   make FLAVOUR=asan check   flavours: release debug asan tsan cov fuzz
#   make check                unit tests, corpus replay, layers, headers, units, docs
#   make check-unit T=codec   unit tests of one folder (or one test: T=codec/test-json)
#   make check-system         real daemons on loopback
#   make check-hosts          two booted systemd hosts (root)
#   make check-hard-days      power cut, full disk, clock jump and other days on them (root)
#   make trial-fate-flow      FATE=folder of an installed FATE 1.11: models that it trained, pushed by FATE-Flow
#   make fuzz F=json          run one fuzz target (clang), FUZZ_SECONDS=60
#   make bench                throughput, latency, CPU and memory beside a bare echo chain
#   make bench-engine         the engine alone: time of a row, memory of plans
#   make soak                 memory over 500,000 requests; SOAK=N
#   make soak-models          1,000 changes of models and kills at random; SOAK=N, start with 1,000 models
#   make soak-restarts        1,000,000 requests across 20 restarts and 50 reloads: 0 failed
#   make trial-java           mixed clusters with the Java reference; JAVA=FOLDER, a built checkout of it
#   make deb rpm              packages; make check-package tests them on booted hosts (root)
#   make install              DESTDIR= prefix=/usr sysconfdir=/etc unitdir=/usr/lib/systemd/system
#   make lib/codec            one module's archive
#   V=1 shows commands; make print-VAR shows a variable

.SECONDARY:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
SHELL := /bin/bash

FLAVOUR ?= release
BUILD ?= build
B := $(BUILD)/$(FLAVOUR)
GEN := $(BUILD)/gen
VERSION := $(shell cat VERSION)

prefix ?= /usr
sysconfdir ?= /etc
localstatedir ?= /var
bindir ?= $(prefix)/bin
sbindir ?= $(prefix)/sbin
libexecdir ?= $(prefix)/libexec
datadir ?= $(prefix)/share
mandir ?= $(datadir)/man
completiondir ?= $(datadir)/bash-completion/completions
docdir ?= $(datadir)/doc/fate-serving
unitdir ?= $(prefix)/lib/systemd/system
sysusersdir ?= $(prefix)/lib/sysusers.d
tmpfilesdir ?= $(prefix)/lib/tmpfiles.d
includedir ?= $(prefix)/include
pkgconfigdir ?= $(datadir)/pkgconfig
plugindir ?= $(prefix)/lib/fate-serving/plugins
presetdir ?= $(prefix)/lib/systemd/system-preset

include scripts/mk/flavours.mk
include scripts/mk/proto.mk
include scripts/mk/modules.mk
include scripts/mk/tests.mk
include scripts/mk/checks.mk
include scripts/mk/install.mk

.DEFAULT_GOAL := all
.PHONY: all clean help check
all: $(BINARIES)

check: check-unit check-fuzz check-layers check-headers check-units check-docs

help:
	@sed -n '2,/^$$/s/^# \{0,1\}//p' Makefile

clean:
	rm -rf $(BUILD)

print-%:
	@echo '$*=$($*)'
