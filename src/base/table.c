#include "base/table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct table_entry {
	struct table_entry *next; /* of the same bucket */
	void *value;
	uint64_t hash;
	size_t size;
	char key[];
};

enum {
	FIRST_BUCKETS = 64,
};

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * 0x9E3779B97F4A7C15u;
	return hash ^ hash >> 29;
}

static uint64_t hash_of(const struct table *table, const char *key, size_t size)
{
	uint64_t hash = mix(table->seed, size);
	uint64_t word;

	for (; size >= sizeof(word); key += sizeof(word), size -= sizeof(word)) {
		memcpy(&word, key, sizeof(word));
		hash = mix(hash, word);
	}
	word = 0;
	if (size)
		memcpy(&word, key, size);
	return mix(hash, word);
}

static struct table_entry **place_of(const struct table *table, const void *key, size_t size)
{
	uint64_t hash = hash_of(table, key, size);
	struct table_entry **place = &table->buckets[hash % table->bucket_count];

	while (*place && ((*place)->hash != hash || (*place)->size != size ||
	                  memcmp((*place)->key, key, size) != 0))
		place = &(*place)->next;
	return place;
}

void *table_find(const struct table *table, const void *key, size_t size)
{
	if (!table->count)
		return NULL;
	const struct table_entry *entry = *place_of(table, key, size);
	return entry ? entry->value : NULL;
}

static int grow(struct table *table)
{
	size_t count = table->bucket_count ? table->bucket_count * 2 : FIRST_BUCKETS;
	struct table_entry **buckets = calloc(count, sizeof(struct table_entry *));

	if (!buckets)
		return -1;
	if (!table->bucket_count &&
	    getrandom(&table->seed, sizeof(table->seed), 0) != (ssize_t)sizeof(table->seed))
		table->seed = (uint64_t)(uintptr_t)buckets;
	for (size_t i = 0; i < table->bucket_count; i++) {
		while (table->buckets[i]) {
			struct table_entry *entry = table->buckets[i];
			table->buckets[i] = entry->next;
			entry->next = buckets[entry->hash % count];
			buckets[entry->hash % count] = entry;
		}
	}
	free(table->buckets);
	table->buckets = buckets;
	table->bucket_count = count;
	return 0;
}

int table_add(struct table *table, const void *key, size_t size, void *value)
{
	if (table->count >= table->bucket_count && grow(table) < 0)
		return -1;
	struct table_entry *entry = malloc(sizeof(*entry) + size);
	if (!entry)
		return -1;
	uint64_t hash = hash_of(table, key, size);
	struct table_entry **bucket = &table->buckets[hash % table->bucket_count];
	*entry = (struct table_entry){
	        .next = *bucket,
	        .value = value,
	        .hash = hash,
	        .size = size,
	};
	if (size)
		memcpy(entry->key, key, size);
	*bucket = entry;
	table->count++;
	table->bytes += size;
	return 0;
}

void *table_remove(struct table *table, const void *key, size_t size)
{
	if (!table->count)
		return NULL;
	struct table_entry **place = place_of(table, key, size);
	struct table_entry *entry = *place;
	if (!entry)
		return NULL;
	void *value = entry->value;
	*place = entry->next;
	table->count--;
	table->bytes -= entry->size;
	free(entry);
	return value;
}

void table_clear(struct table *table)
{
	for (size_t i = 0; i < table->bucket_count; i++) {
		while (table->buckets[i]) {
			struct table_entry *entry = table->buckets[i];
			table->buckets[i] = entry->next;
			free(entry);
		}
	}
	free(table->buckets);
	*table = (struct table){0};
}
