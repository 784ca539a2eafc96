/* A hash table from bytes to pointers, whose order nobody outside can foresee. */
#ifndef REMIT_BASE_TABLE_H
#define REMIT_BASE_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct table_entry;

/* All zero is an empty table. */
struct table {
	struct table_entry **buckets;
	size_t bucket_count;
	size_t count;
	size_t bytes; /* of keys */
	uint64_t seed;
};

/* The value of the key, or NULL. */
void *table_find(const struct table *table, const void *key, size_t size);

/* Adds a key that is not in the table; copies it, borrows the value (not NULL). Returns 0, or
 * negative when memory is exhausted. */
int table_add(struct table *table, const void *key, size_t size, void *value);

/* Takes the key out and returns its value; NULL where it is not in the table. */
void *table_remove(struct table *table, const void *key, size_t size);

/* Frees the keys, not the values. */
void table_clear(struct table *table);

#define cleanup_table __attribute__((cleanup(table_clear)))

#endif
