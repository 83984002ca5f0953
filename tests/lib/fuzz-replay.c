/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target over files and folders without a fuzzing engine: the corpus as a plain test. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long runs;

static int one_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = NULL;
	size_t n = 0, cap = 0;

	if (!f) {
		perror(path);
		return 1;
	}
	do {
		if (n == cap) {
			cap = cap ? cap * 2 : 4096;
			data = realloc(data, cap);
			if (!data)
				abort();
		}
		n += fread(data + n, 1, cap - n, f);
	} while (n == cap);
	fclose(f);
	/* An exact-size copy, so that a read past the end is seen. */
	data = realloc(data, n ? n : 1);
	LLVMFuzzerTestOneInput(data, n);
	free(data);
	runs++;
	return 0;
}

static int walk(const char *path)
{
	struct dirent **list;
	struct stat st;
	char sub[4096];
	int n, bad = 0;

	if (stat(path, &st) < 0) {
		perror(path);
		return 1;
	}
	if (!S_ISDIR(st.st_mode))
		return one_file(path);
	n = scandir(path, &list, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		if (list[i]->d_name[0] != '.') {
			snprintf(sub, sizeof(sub), "%s/%s", path, list[i]->d_name);
			bad |= walk(sub);
		}
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	return bad;
}

int main(int argc, char **argv)
{
	int bad = 0;

	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	for (int i = 1; i < argc; i++)
		bad |= walk(argv[i]);
	printf("%lu inputs replayed\n", runs);
	return bad || runs == 0;
}
