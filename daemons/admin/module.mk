SRC_daemons/admin := accounts.c admin.c admin-conf.c all-models.c api.c ask.c audit.c components.c console.c directory.c fields.c front.c \
	health.c login.c models.c monitor.c overview.c password.c router.c services.c session.c settings.c shared.c throttle.c \
	validate.c visit.c
BIN_daemons/admin := fate-serving-admin
DEPS_daemons/admin := lib/svc lib/registry lib/call lib/net lib/conf lib/proto lib/codec lib/base
LIBS_daemons/admin := -lcrypt
OBJ_EXTRA_daemons/admin := $(B)/daemons/admin/console-files.o

# The console's files become a part of the program: a table of names and their bytes.
CONSOLE := daemons/admin/console
CONSOLE_FILES := $(sort $(shell find $(CONSOLE) -type f))
$(GEN)/daemons/admin/console-files.S: $(CONSOLE_FILES) daemons/admin/module.mk
	@mkdir -p $(@D)
	$(Q){ echo '.section .rodata'; n=0; \
	for f in $(CONSOLE_FILES); do \
		printf '.Lname%d: .asciz "%s"\n.balign 16\n.Ldata%d: .incbin "%s"\n.Lend%d: .byte 0\n' $$n "$${f#$(CONSOLE)/}" $$n "$$f" $$n; n=$$((n + 1)); \
	done; \
	printf '.section .data.rel.ro,"aw"\n.balign 8\n.globl fsv_console_files\nfsv_console_files:\n'; \
	for i in $$(seq 0 $$((n - 1))); do printf '.quad .Lname%d, .Ldata%d, .Lend%d - .Ldata%d\n' $$i $$i $$i $$i; done; \
	printf '.quad 0, 0, 0\n.section .note.GNU-stack,"",%%progbits\n'; } > $@
$(B)/daemons/admin/console-files.o: $(GEN)/daemons/admin/console-files.S $(B)/flags
	@mkdir -p $(@D)
	@$(call say,AS,$<)
	$(Q)$(CC) -c -o $@ $<
