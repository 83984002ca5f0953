/* SPDX-License-Identifier: Apache-2.0 */
#include "map.h"

#include <stdlib.h>

#include "err.h"
#include "mem.h"

void fsv_map_init(struct fsv_map *m)
{
	*m = (struct fsv_map){ 0 };
}

void fsv_map_done(struct fsv_map *m)
{
	for (size_t i = 0; i < m->n; i++)
		free((char *)m->entries[i].key.p);
	free(m->entries);
	free(m->slots);
	fsv_map_init(m);
}

static void rehash(struct fsv_map *m, size_t n_slots)
{
	free(m->slots);
	m->slots = FSV_NEW_N(uint32_t, n_slots);
	m->n_slots = n_slots;
	for (size_t i = 0; i < m->n; i++) {
		size_t at = m->entries[i].hash & (n_slots - 1);

		while (m->slots[at])
			at = (at + 1) & (n_slots - 1);
		m->slots[at] = (uint32_t)i + 1;
	}
}

void fsv_map_reserve(struct fsv_map *m, size_t n)
{
	size_t n_slots = m->n_slots ? m->n_slots : 16;

	FSV_BUG_ON(n >= UINT32_MAX);
	if (n > m->cap) {
		m->entries = fsv_realloc(m->entries, n, sizeof(*m->entries));
		m->cap = n;
	}
	while (n * 2 > n_slots)
		n_slots *= 2;
	if (n > 0 && n_slots > m->n_slots)
		rehash(m, n_slots);
}

static size_t find(const struct fsv_map *m, struct fsv_str key, uint64_t hash)
{
	if (m->n_slots == 0)
		return SIZE_MAX;
	for (size_t at = hash & (m->n_slots - 1); m->slots[at]; at = (at + 1) & (m->n_slots - 1)) {
		const struct fsv_map_entry *e = &m->entries[m->slots[at] - 1];

		if (e->hash == hash && fsv_str_eq(e->key, key))
			return m->slots[at] - 1;
	}
	return SIZE_MAX;
}

size_t fsv_map_find(const struct fsv_map *m, struct fsv_str key)
{
	return find(m, key, fsv_str_hash(key));
}

void *fsv_map_get(const struct fsv_map *m, struct fsv_str key)
{
	size_t i = fsv_map_find(m, key);

	return i == SIZE_MAX ? NULL : m->entries[i].value;
}

void *fsv_map_put(struct fsv_map *m, struct fsv_str key, void *value)
{
	uint64_t hash = fsv_str_hash(key);
	size_t i = find(m, key, hash);
	void *old;

	if (i != SIZE_MAX) {
		old = m->entries[i].value;
		m->entries[i].value = value;
		return old;
	}
	FSV_BUG_ON(m->n >= UINT32_MAX - 1);
	if (m->n == m->cap) {
		m->cap = m->cap ? m->cap * 2 : 8;
		m->entries = fsv_realloc(m->entries, m->cap, sizeof(*m->entries));
	}
	m->entries[m->n++] = (struct fsv_map_entry){
		.key = { fsv_str_dup(key), key.n }, .value = value, .hash = hash,
	};
	if (m->n * 2 > m->n_slots)
		rehash(m, m->n_slots ? m->n_slots * 2 : 16);
	else
		for (size_t at = hash & (m->n_slots - 1);; at = (at + 1) & (m->n_slots - 1))
			if (!m->slots[at]) {
				m->slots[at] = (uint32_t)m->n;
				break;
			}
	return NULL;
}

/* Closes the gap that a slot leaves, so that what stands behind it is still found. */
static void free_slot(struct fsv_map *m, size_t gap)
{
	size_t mask = m->n_slots - 1;

	for (size_t at = (gap + 1) & mask; m->slots[at]; at = (at + 1) & mask) {
		size_t home = m->entries[m->slots[at] - 1].hash & mask;

		if (((at - home) & mask) < ((at - gap) & mask))
			continue;	/* the gap lies before its home */
		m->slots[gap] = m->slots[at];
		gap = at;
	}
	m->slots[gap] = 0;
}

void *fsv_map_del(struct fsv_map *m, struct fsv_str key)
{
	size_t i = fsv_map_find(m, key), at;
	void *value;

	if (i == SIZE_MAX)
		return NULL;
	value = m->entries[i].value;
	for (at = m->entries[i].hash & (m->n_slots - 1); m->slots[at] != i + 1; at = (at + 1) & (m->n_slots - 1))
		;
	free_slot(m, at);
	free((char *)m->entries[i].key.p);
	m->n--;
	if (i == m->n)
		return value;
	memmove(&m->entries[i], &m->entries[i + 1], (m->n - i) * sizeof(*m->entries));
	for (at = 0; at < m->n_slots; at++)
		m->slots[at] -= m->slots[at] > i + 1;
	return value;
}
