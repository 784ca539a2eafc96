#include "base/sha256.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum {
	BLOCK = 64, /* bytes */
	ROUNDS = 64,
	WORDS = 8,
};

/* The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
static const uint32_t constants[ROUNDS] = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
        0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
        0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
        0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
        0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
        0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
        0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
        0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
        0xc67178f2};

static uint32_t rotate(uint32_t word, unsigned by)
{
	return word >> by | word << (32 - by);
}

static void spread(const unsigned char *block, uint32_t schedule[ROUNDS])
{
	for (size_t i = 0; i < 16; i++)
		schedule[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
		              (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
	for (size_t i = 16; i < ROUNDS; i++) {
		uint32_t near = schedule[i - 15];
		uint32_t far = schedule[i - 2];
		schedule[i] = schedule[i - 16] + schedule[i - 7] +
		              (rotate(near, 7) ^ rotate(near, 18) ^ near >> 3) +
		              (rotate(far, 17) ^ rotate(far, 19) ^ far >> 10);
	}
}

static void mix(uint32_t state[WORDS], const unsigned char *block)
{
	uint32_t schedule[ROUNDS];
	uint32_t at[WORDS];

	spread(block, schedule);
	memcpy(at, state, sizeof(at));
	for (size_t i = 0; i < ROUNDS; i++) {
		uint32_t choice = (at[4] & at[5]) ^ (~at[4] & at[6]);
		uint32_t majority = (at[0] & at[1]) ^ (at[0] & at[2]) ^ (at[1] & at[2]);
		uint32_t first = at[7] +
		                 (rotate(at[4], 6) ^ rotate(at[4], 11) ^ rotate(at[4], 25)) +
		                 choice + constants[i] + schedule[i];
		uint32_t second =
		        (rotate(at[0], 2) ^ rotate(at[0], 13) ^ rotate(at[0], 22)) + majority;
		memmove(at + 1, at, (WORDS - 1) * sizeof(*at));
		at[4] += first;
		at[0] = first + second;
	}
	for (size_t i = 0; i < WORDS; i++)
		state[i] += at[i];
}

void sha256_text(const void *data, size_t size, char out[SHA256_TEXT])
{
	/* The fractional parts of the square roots of the first eight primes. */
	uint32_t state[WORDS] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
	                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
	const unsigned char *bytes = data;
	unsigned char last[2 * BLOCK] = {0};
	size_t whole = size / BLOCK * BLOCK;
	size_t rest = size - whole;
	size_t end = rest < BLOCK - 8 ? BLOCK : 2 * BLOCK;

	for (size_t i = 0; i < whole; i += BLOCK)
		mix(state, bytes + i);
	if (rest)
		memcpy(last, bytes + whole, rest);
	last[rest] = 0x80;
	for (size_t i = 0; i < 8; i++)
		last[end - 1 - i] = (unsigned char)((uint64_t)size * 8 >> 8 * i);
	for (size_t i = 0; i < end; i += BLOCK)
		mix(state, last + i);
	for (size_t i = 0; i < WORDS; i++)
		snprintf(out + 8 * i, 9, "%08x", state[i]);
}
