#include "audit/tally.h"

#include "base/escape.h"

#include <stdlib.h>
#include <string.h>

enum {
	LONGEST_TEXT = 200, /* columns of a reason or place */
	LONGEST_NAME = 32,  /* of a program */
};

static char *shown(const char *text, size_t size, size_t columns)
{
	struct buffer out = {0};

	escape_terminal_short(&out, text, size, columns);
	return buffer_steal(&out);
}

static uint64_t hash_bytes(uint64_t hash, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ (unsigned char)text[i]) * 0x100000001B3u; /* FNV-1a */
	return (hash ^ size) * 0x100000001B3u;
}

/* Counted together: what is shown alike. Two texts with one hash would share a line of a summary,
 * and nothing else. */
static uint64_t hash_of(const struct refusal *refusal, const char *text, size_t size)
{
	uint64_t hash = 0xCBF29CE484222325u;

	hash ^= (uint64_t)refusal->effect << 8 | (uint64_t)refusal->verdict << 1 |
	        (uint64_t)refusal->hidden;
	return hash_bytes(hash, text, size);
}

static struct tally_item *find(struct tally *tally, uint64_t hash, const char *comm)
{
	for (size_t i = 0; i < tally->count; i++) {
		struct tally_item *item = &tally->items[i];
		if (item->hash != hash)
			continue;
		item->several |= comm && item->comm && strcmp(comm, item->comm) != 0;
		return item;
	}
	return NULL;
}

static void item_clear(struct tally_item *item)
{
	free(item->text);
	free(item->remedy);
	free(item->comm);
	*item = (struct tally_item){0};
}

static struct tally_item *add(struct tally *tally, const struct refusal *refusal, uint64_t hash,
                              const char *text, size_t size, const char *remedy)
{
	if (tally->count == TALLY_MOST || tally->bytes > TALLY_MOST_BYTES)
		return NULL;
	struct tally_item *item = &tally->items[tally->count];
	*item = (struct tally_item){
	        .effect = refusal->effect,
	        .verdict = refusal->verdict,
	        .hidden = refusal->hidden,
	        .text = shown(text, size, LONGEST_TEXT),
	        .remedy = remedy ? shown(remedy, strlen(remedy), LONGEST_TEXT) : NULL,
	        .comm = refusal->comm ? shown(refusal->comm, strlen(refusal->comm), LONGEST_NAME)
	                              : NULL,
	        .hash = hash,
	};
	if (!item->text || (remedy && !item->remedy) || (refusal->comm && !item->comm)) {
		item_clear(item);
		return NULL;
	}
	tally->count++;
	tally->bytes += strlen(item->text);
	return item;
}

static struct tally_item *item_of(struct tally *tally, const struct refusal *refusal,
                                  const char *text, size_t size, const char *remedy)
{
	uint64_t hash = hash_of(refusal, text, size);

	if (remedy)
		hash = hash_bytes(hash, remedy, strlen(remedy));
	struct tally_item *item = find(tally, hash, refusal->comm);
	return item ? item : add(tally, refusal, hash, text, size, remedy);
}

struct tally_item *tally_reason(struct tally *tally, const struct refusal *refusal)
{
	const char *because = refusal->because ? refusal->because : "";

	return item_of(tally, refusal, because, strlen(because), refusal->remedy);
}

struct tally_item *tally_place(struct tally *tally, const struct refusal *refusal)
{
	const char *target = refusal->target ? refusal->target : "";
	size_t size = refusal->target ? refusal->target_size : 0;

	/* The folder of a path; a program and a name that is no path stand for themselves. */
	if (size && target[0] == '/' && refusal->effect != EFFECT_EXEC) {
		const char *slash = memrchr(target, '/', size);
		size = slash == target ? 1 : (size_t)(slash - target);
	}
	return item_of(tally, refusal, target, size, NULL);
}

void tally_clear(struct tally *tally)
{
	for (size_t i = 0; i < tally->count; i++)
		item_clear(&tally->items[i]);
	*tally = (struct tally){0};
}
