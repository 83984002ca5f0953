# make install DESTDIR= prefix=/usr sysconfdir=/etc unitdir=…: everything a package would hold.

.PHONY: install install-bin install-setup install-units install-conf install-man install-doc install-dev install-completion
install: install-bin install-setup install-units install-conf install-man install-doc install-dev install-completion

# Packages of the tree as it stands; see packaging/README.md. DEB_BUILD_OPTIONS=nocheck leaves the unit tests out.
.PHONY: deb rpm
deb:
	@scripts/make-deb
rpm:
	@scripts/make-rpm

INSTALL ?= install
D = $(DESTDIR)
# Units and documents name the usual places; another prefix is written into the copies.
place = sed -e 's|/usr/sbin/|$(sbindir)/|g; s|/etc/fate-serving|$(sysconfdir)/fate-serving|g; \
	s|/usr/libexec/|$(libexecdir)/|g; s|/usr/share/doc/fate-serving|$(docdir)|g'

install-bin: $(BINARIES)
	$(Q)$(INSTALL) -d $(D)$(sbindir) $(D)$(bindir)
	$(Q)$(INSTALL) -m755 $(B)/fate-serving-server $(B)/fate-serving-proxy $(B)/fate-serving-admin $(D)$(sbindir)
	$(Q)$(INSTALL) -m755 $(B)/fate-servingctl $(D)$(bindir)

# The commands that give a machine its role, and the script behind both.
install-setup:
	$(Q)$(INSTALL) -d $(D)$(sbindir) $(D)$(libexecdir)/fate-serving
	$(Q)for r in guest host; do $(place) scripts/install-$$r > $(D)$(sbindir)/fate-serving-install-$$r && \
		chmod 755 $(D)$(sbindir)/fate-serving-install-$$r || exit 1; done
	$(Q)for f in setup setup-checks.sh setup-files.sh setup-sockets.sh setup-admin.sh; do $(place) scripts/$$f > $(D)$(libexecdir)/fate-serving/$$f && \
		chmod 644 $(D)$(libexecdir)/fate-serving/$$f || exit 1; done
	$(Q)chmod 755 $(D)$(libexecdir)/fate-serving/setup

install-units:
	$(Q)$(INSTALL) -d $(D)$(unitdir) $(D)$(sysusersdir) $(D)$(tmpfilesdir) $(D)$(presetdir)
	$(Q)for u in units/*.service units/*.socket; do $(place) $$u > $(D)$(unitdir)/$${u##*/} && chmod 644 $(D)$(unitdir)/$${u##*/} || exit 1; done
	$(Q)$(place) units/fate-serving.tmpfiles > $(D)$(tmpfilesdir)/fate-serving.conf && chmod 644 $(D)$(tmpfilesdir)/fate-serving.conf
	$(Q)$(INSTALL) -m644 units/fate-serving.sysusers $(D)$(sysusersdir)/fate-serving.conf
	$(Q)$(INSTALL) -m644 units/80-fate-serving.preset $(D)$(presetdir)

# An operator's files are never overwritten.
install-conf:
	$(Q)$(INSTALL) -d -m750 $(D)$(sysconfdir)/fate-serving
	$(Q)for f in conf/serving-server.yaml conf/serving-proxy.yaml conf/serving-admin.yaml conf/route_table.json; do \
		[ -e $(D)$(sysconfdir)/fate-serving/$${f##*/} ] || $(INSTALL) -m640 $$f $(D)$(sysconfdir)/fate-serving || exit 1; done

install-man: man
	$(Q)for f in $(MAN_PAGES); do s=man$${f##*.}; $(INSTALL) -d $(D)$(mandir)/$$s && \
		$(place) $$f > $(D)$(mandir)/$$s/$${f##*/} && chmod 644 $(D)$(mandir)/$$s/$${f##*/} || exit 1; done

install-doc: samples
	$(Q)$(INSTALL) -d $(D)$(docdir)/examples
	$(Q)$(INSTALL) -m644 README.md NEWS.md docs/OPERATIONS.md docs/TROUBLESHOOTING.md $(D)$(docdir)
	$(Q)$(INSTALL) -d $(D)$(docdir)/monitoring && $(INSTALL) -m644 docs/monitoring/* $(D)$(docdir)/monitoring
	$(Q)$(INSTALL) -m644 $(SAMPLES) conf/serving-server.yaml conf/serving-proxy.yaml conf/serving-admin.yaml conf/route_table.json $(D)$(docdir)/examples
	$(Q)cp -R examples/. $(D)$(docdir)/examples/

# What plugins are built with, and the folder that they are loaded from.
install-dev:
	$(Q)$(INSTALL) -d $(D)$(includedir)/fate-serving $(D)$(pkgconfigdir) $(D)$(plugindir)
	$(Q)$(INSTALL) -m644 include/fate-serving/adaptor.h $(D)$(includedir)/fate-serving
	$(Q)sed -e 's|@prefix@|$(prefix)|; s|@includedir@|$(includedir)|; s|@plugindir@|$(plugindir)|; s|@VERSION@|$(VERSION)|' \
		include/fate-serving.pc.in > $(D)$(pkgconfigdir)/fate-serving.pc && chmod 644 $(D)$(pkgconfigdir)/fate-serving.pc

# Manual pages and full samples whose lists of keys come from the daemons' own tables.
MAN_PAGES := docs/man/fate-serving.7 docs/man/fate-serving-server.8 docs/man/fate-serving-proxy.8 docs/man/fate-serving-admin.8 \
	docs/man/fate-servingctl.1 docs/man/fate-serving-install-guest.8 docs/man/fate-serving-install-host.8 \
	$(B)/man/fate-serving-metrics.7 $(B)/man/fate-serving-server.yaml.5 $(B)/man/fate-serving-proxy.yaml.5 \
	$(B)/man/fate-serving-admin.yaml.5
SAMPLES := $(B)/conf/serving-server.full.yaml $(B)/conf/serving-proxy.full.yaml $(B)/conf/serving-admin.full.yaml

.PHONY: man samples
man: $(filter $(B)/%,$(MAN_PAGES))
samples: $(SAMPLES)

$(B)/man/%.yaml.5: docs/man/%.yaml.5.in $(B)/%
	@mkdir -p $(@D)
	$(Q)$(B)/$* --manual-keys > $@.keys && sed -e '/^@KEYS@$$/{r $@.keys' -e 'd}' $< > $@ && rm $@.keys

METRIC_DAEMONS := server proxy admin
$(B)/man/fate-serving-metrics.7: docs/man/fate-serving-metrics.7.in $(METRIC_DAEMONS:%=$(B)/fate-serving-%)
	@mkdir -p $(@D)
	$(Q)for d in $(METRIC_DAEMONS); do $(B)/fate-serving-$$d --manual-metrics > $@.$$d || exit 1; done
	$(Q)sed $(foreach d,$(METRIC_DAEMONS),-e '/^@METRICS-$(d)@$$/{r $@.$(d)' -e 'd}') $< > $@ && rm $(METRIC_DAEMONS:%=$@.%)

$(B)/conf/serving-%.full.yaml: $(B)/fate-serving-%
	@mkdir -p $(@D)
	$(Q)$< --sample-config > $@

install-completion:
	$(Q)$(INSTALL) -d $(D)$(completiondir)
	$(Q)$(INSTALL) -m644 scripts/completion.bash $(D)$(completiondir)/fate-servingctl
