/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A start touches a great part of the code of all libraries: relocation, registration, reading of tables. Most of it is
 * never run again, but counts as ours for as long as the process lives. Once it is ready, the process lets go of all
 * pages of code; those that it works with come back from the page cache as it works.
 */
#include "svc-private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

void fsv_svc_trim(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512], flags[5];
	uintptr_t from, to;
	unsigned long inode;

	if (!maps)
		return;
	/* Executable and not writable: file pages that nobody has changed, which may be dropped at any time. */
	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s %*s %*s %lu", &from, &to, flags, &inode) == 4 &&
		    strcmp(flags, "r-xp") == 0 && inode != 0)
			(void)madvise((void *)from, to - from, MADV_DONTNEED); /* it only saves memory */
	(void)fclose(maps); /* read only */
}
