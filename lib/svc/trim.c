/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A start touches a great part of all libraries: relocation, registration, reading of tables. Most of it is never used
 * again, but counts as ours for as long as the process lives. Once it is ready, the process lets go of all code and
 * constants; what it works with comes back from the page cache as it works.
 */
#include "svc-private.h"

#include <link.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

/* Segments that are never writable are as they stand in their file. What relocation has changed lies in others. */
static int drop(struct dl_phdr_info *object, size_t size, void *arg)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	(void)size;
	(void)arg;
	if (object->dlpi_addr == getauxval(AT_SYSINFO_EHDR))	/* the kernel's own, of no file */
		return 0;
	for (unsigned i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
		uintptr_t from = object->dlpi_addr + segment->p_vaddr, to = from + segment->p_filesz;

		from = (from + page - 1) & ~(page - 1);
		to &= ~(page - 1);
		if (segment->p_type == PT_LOAD && !(segment->p_flags & PF_W) && from < to)
			(void)madvise((void *)from, to - from, MADV_DONTNEED); /* it only saves memory */
	}
	return 0;
}

void fsv_svc_trim(void)
{
	(void)dl_iterate_phdr(drop, NULL);	/* drop lets it go through all of them */
}
