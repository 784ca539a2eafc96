#include "audit/kinds.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
	BUCKETS = KINDS_MOST * 2,
};

struct kinds {
	struct kind *buckets[BUCKETS];
	struct kind *oldest, *newest;
	size_t count;
	size_t bytes;
	uint64_t seed; /* the tool chooses names: it must not know which of them collide */
};

/* --- What makes a kind ------------------------------------------------------------------------ */

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * 0x9E3779B97F4A7C15u;
	return hash ^ hash >> 29;
}

static uint64_t mix_bytes(uint64_t hash, const char *text, size_t size)
{
	uint64_t word;

	hash = mix(hash, size);
	for (; size >= sizeof(word); text += sizeof(word), size -= sizeof(word)) {
		memcpy(&word, text, sizeof(word));
		hash = mix(hash, word);
	}
	word = 0;
	memcpy(&word, text, size);
	return mix(hash, word);
}

static uint64_t mix_text(uint64_t hash, const char *text)
{
	return text ? mix_bytes(hash, text, strlen(text)) : mix(hash, 1);
}

/* A process that executes another program is another process here; what distinguishes records that
 * are counted apart belongs to the kind, too. */
static uint64_t hash_of(const struct refusal *refusal, uint64_t seed)
{
	uint64_t numbers = (uint64_t)refusal->effect << 8 | (uint64_t)refusal->verdict << 1 |
	                   (uint64_t)refusal->hidden;
	uint64_t hash = mix(seed, (uint64_t)refusal->pid << 32 | (uint32_t)refusal->error);

	hash = mix(hash, numbers);
	hash = mix_text(hash, refusal->operation);
	hash = mix_text(hash, refusal->because);
	hash = mix_text(hash, refusal->exe);
	if (refusal->target)
		hash = mix_bytes(hash, refusal->target, refusal->target_size);
	return hash;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_target(const struct refusal *a, const struct refusal *b)
{
	if (!a->target || !b->target)
		return a->target == b->target;
	return a->target_size == b->target_size &&
	       memcmp(a->target, b->target, a->target_size) == 0;
}

static bool same_kind(const struct refusal *a, const struct refusal *b)
{
	return a->pid == b->pid && a->effect == b->effect && a->hidden == b->hidden &&
	       a->verdict == b->verdict && a->error == b->error && same_target(a, b) &&
	       same_text(a->operation, b->operation) && same_text(a->because, b->because) &&
	       same_text(a->exe, b->exe);
}

/* --- The texts of a kind ---------------------------------------------------------------------- */

static size_t text_size(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

static size_t texts_size(const struct refusal *refusal)
{
	return text_size(refusal->comm) + text_size(refusal->exe) + text_size(refusal->operation) +
	       text_size(refusal->layer) + text_size(refusal->because) +
	       text_size(refusal->remedy) + text_size(refusal->name) + text_size(refusal->address) +
	       text_size(refusal->protocol) + (refusal->target ? refusal->target_size + 1 : 0);
}

/* Moves `*text` to `*place`, and `*place` behind it. */
static void keep(const char **text, size_t size, char **place)
{
	if (!*text)
		return;
	memcpy(*place, *text, size);
	(*place)[size] = '\0';
	*text = *place;
	*place += size + 1;
}

static void keep_text(const char **text, char **place)
{
	keep(text, *text ? strlen(*text) : 0, place);
}

static struct kind *make(const struct refusal *refusal, size_t size)
{
	struct kind *kind = malloc(size);

	if (!kind)
		return NULL;
	*kind = (struct kind){.refusal = *refusal, .size = size};
	char *place = kind->texts;
	keep(&kind->refusal.target, refusal->target_size, &place);
	keep_text(&kind->refusal.comm, &place);
	keep_text(&kind->refusal.exe, &place);
	keep_text(&kind->refusal.operation, &place);
	keep_text(&kind->refusal.layer, &place);
	keep_text(&kind->refusal.because, &place);
	keep_text(&kind->refusal.remedy, &place);
	keep_text(&kind->refusal.name, &place);
	keep_text(&kind->refusal.address, &place);
	keep_text(&kind->refusal.protocol, &place);
	return kind;
}

/* --- The table -------------------------------------------------------------------------------- */

struct kinds *kinds_new(void)
{
	struct kinds *kinds = calloc(1, sizeof(*kinds));

	/* Without random bits the table works as well, only not against who knows its order. */
	if (kinds && getrandom(&kinds->seed, sizeof(kinds->seed), 0) < 0)
		kinds->seed = 1;
	return kinds;
}

void kinds_free(struct kinds *kinds)
{
	if (!kinds)
		return;
	while (kinds->oldest)
		kinds_remove(kinds, kinds->oldest);
	free(kinds);
}

static void unlink_age(struct kinds *kinds, struct kind *kind)
{
	if (kind->older)
		kind->older->newer = kind->newer;
	else
		kinds->oldest = kind->newer;
	if (kind->newer)
		kind->newer->older = kind->older;
	else
		kinds->newest = kind->older;
}

static void link_newest(struct kinds *kinds, struct kind *kind)
{
	kind->older = kinds->newest;
	kind->newer = NULL;
	if (kinds->newest)
		kinds->newest->newer = kind;
	else
		kinds->oldest = kind;
	kinds->newest = kind;
}

struct kind *kinds_find(struct kinds *kinds, const struct refusal *refusal)
{
	uint64_t hash = hash_of(refusal, kinds->seed);
	struct kind *kind = kinds->buckets[hash % BUCKETS];

	while (kind && !(kind->hash == hash && same_kind(&kind->refusal, refusal)))
		kind = kind->chain;
	if (kind) {
		unlink_age(kinds, kind);
		link_newest(kinds, kind);
	}
	return kind;
}

bool kinds_have_room(const struct kinds *kinds, const struct refusal *refusal)
{
	return kinds->count < KINDS_MOST &&
	       kinds->bytes + sizeof(struct kind) + texts_size(refusal) <= KINDS_MOST_BYTES;
}

struct kind *kinds_oldest(const struct kinds *kinds)
{
	return kinds->oldest;
}

struct kind *kinds_newer(const struct kind *kind)
{
	return kind->newer;
}

struct kind *kinds_add(struct kinds *kinds, const struct refusal *refusal)
{
	struct kind *kind = make(refusal, sizeof(struct kind) + texts_size(refusal));

	if (!kind)
		return NULL;
	kind->hash = hash_of(refusal, kinds->seed);
	kind->chain = kinds->buckets[kind->hash % BUCKETS];
	kinds->buckets[kind->hash % BUCKETS] = kind;
	link_newest(kinds, kind);
	kinds->count++;
	kinds->bytes += kind->size;
	return kind;
}

void kinds_remove(struct kinds *kinds, struct kind *kind)
{
	struct kind **place = &kinds->buckets[kind->hash % BUCKETS];

	while (*place != kind)
		place = &(*place)->chain;
	*place = kind->chain;
	unlink_age(kinds, kind);
	kinds->count--;
	kinds->bytes -= kind->size;
	free(kind);
}
