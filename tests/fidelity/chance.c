#include "fidelity.h"

/* SplitMix64. */
static uint64_t scramble(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

uint64_t mix(uint64_t a, uint64_t b)
{
	return scramble(scramble(a + 0x9e3779b97f4a7c15u) + b * 0x9e3779b97f4a7c15u);
}

size_t choose(struct actor *actor, size_t count)
{
	actor->state += 0x9e3779b97f4a7c15u;
	return (size_t)(scramble(actor->state) % count);
}

bool percent(struct actor *actor, unsigned chance)
{
	return choose(actor, 100) < chance;
}

/* Mostly one that holds a descriptor. */
size_t choose_slot(struct actor *actor)
{
	size_t slot = choose(actor, SLOTS);

	for (size_t i = 0; i < 4 && actor->slots[slot] < 0; i++)
		slot = choose(actor, SLOTS);
	return slot;
}
