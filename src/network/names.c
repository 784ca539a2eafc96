#include "network/names.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum {
	CHAINS = 1024,
};

/* Entries with the same hash of the address are a chain; places count from 1, 0 ends. */
struct entry {
	char *name; /* NULL: free */
	struct network_address address;
	uint64_t until;
	size_t next;
};

struct names {
	struct entry entries[NAMES_MOST + 1];
	size_t chains[CHAINS];
	size_t oldest; /* the place that is taken next */
};

int names_new(struct names **out, struct error *err)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : error_memory(err);
}

void names_free(struct names *names)
{
	for (size_t i = 0; names && i <= NAMES_MOST; i++)
		free(names->entries[i].name);
	free(names);
}

/* FNV-1a. Whoever finds collisions makes look-ups of his own addresses slower. */
static size_t chain_of(const struct network_address *address)
{
	uint32_t hash = 2166136261U;

	for (size_t i = 0; i < sizeof(address->bytes.s6_addr); i++)
		hash = (hash ^ address->bytes.s6_addr[i]) * 16777619U;
	return hash % CHAINS;
}

static bool is_same(const struct entry *entry, const struct network_address *address)
{
	return memcmp(&entry->address, address, sizeof(*address)) == 0;
}

static void take_out(struct names *names, size_t place)
{
	struct entry *entry = &names->entries[place];
	size_t *link = &names->chains[chain_of(&entry->address)];

	while (*link != place)
		link = &names->entries[*link].next;
	*link = entry->next;
	free(entry->name);
	*entry = (struct entry){0};
}

int names_add(struct names *names, const char *name, const struct network_address *address,
              uint64_t until)
{
	size_t *chain = &names->chains[chain_of(address)];

	for (size_t *link = chain; *link; link = &names->entries[*link].next) {
		struct entry *entry = &names->entries[*link];
		if (!is_same(entry, address) || strcmp(entry->name, name) != 0)
			continue;
		if (entry->until < until)
			entry->until = until;
		size_t found = *link;
		*link = entry->next;
		entry->next = *chain;
		*chain = found;
		return 0;
	}
	char *copy = text_copy(name);
	if (!copy)
		return -1;
	size_t place = names->oldest = names->oldest % NAMES_MOST + 1;
	if (names->entries[place].name)
		take_out(names, place);
	names->entries[place] =
	        (struct entry){.name = copy, .address = *address, .until = until, .next = *chain};
	*chain = place;
	return 0;
}

const char *names_next(const struct names *names, const struct network_address *address,
                       uint64_t now, size_t *place)
{
	*place = *place ? names->entries[*place].next : names->chains[chain_of(address)];
	for (; *place; *place = names->entries[*place].next) {
		const struct entry *entry = &names->entries[*place];
		if (is_same(entry, address) && now <= entry->until)
			return entry->name;
	}
	return NULL;
}

bool names_has(const struct names *names, const char *name, const struct network_address *address,
               uint64_t now)
{
	size_t place = 0;

	for (const char *known = names_next(names, address, now, &place); known;
	     known = names_next(names, address, now, &place))
		if (strcmp(known, name) == 0)
			return true;
	return false;
}
