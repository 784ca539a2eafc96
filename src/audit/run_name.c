#include "audit/run_name.h"

#include <errno.h>
#include <stdint.h>
#include <sys/random.h>

/* Crockford's base 32: no I, L, O, U. Source: the ULID specification. */
static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

enum {
	TIME_DIGITS = 10,  /* 48 bits of milliseconds since 1970 */
	RANDOM_DIGITS = 8, /* 40 bits each, twice */
};

/* The lowest `count` digits of `value`, most significant first. */
static void append_digits(char *out, uint64_t value, int count)
{
	for (int i = count - 1; i >= 0; i--) {
		out[i] = digits[value & 31];
		value >>= 5;
	}
}

int run_name_make(const struct timespec *now, char out[RUN_NAME_SIZE + 1], struct error *err)
{
	uint64_t noise[2];

	if (getrandom(noise, sizeof(noise), 0) != (ssize_t)sizeof(noise))
		return error_system(err, errno, "audit log: random bits for the name of the run");
	uint64_t milliseconds = (uint64_t)now->tv_sec * 1000 + (uint64_t)now->tv_nsec / 1000000;
	append_digits(out, milliseconds, TIME_DIGITS);
	append_digits(out + TIME_DIGITS, noise[0], RANDOM_DIGITS);
	append_digits(out + TIME_DIGITS + RANDOM_DIGITS, noise[1], RANDOM_DIGITS);
	out[RUN_NAME_SIZE] = '\0';
	return 0;
}
