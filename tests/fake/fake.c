/* Runs a command on a kernel that lacks something: usage: fake CALL[:BITS]=ERRNO... -- COMMAND
 *
 * CALL answers ERRNO (a name), with BITS (a number) only where its first argument has any of them.
 * This program's own filter stays in force for the command and everything that it starts. */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Noreturn void refuse(const char *what, const char *word)
{
	fprintf(stderr, "fake: %s: %s\n", what, word);
	exit(99);
}

static int number_of(const char *name)
{
	for (int number = 1; number < 4096; number++) {
		const char *known = strerrorname_np(number);
		if (known && strcmp(known, name) == 0)
			return number;
	}
	refuse("no errno", name);
}

static void add_bits(scmp_filter_ctx filter, uint32_t action, int call, const char *text)
{
	char *end;
	unsigned long long bits = strtoull(text, &end, 0);

	if (*end || !bits)
		refuse("no bits", text);
	for (unsigned bit = 0; bit < 64; bit++) {
		unsigned long long mask = 1ULL << bit;
		if ((bits & mask) && seccomp_rule_add(filter, action, call, 1,
		                                      SCMP_A0(SCMP_CMP_MASKED_EQ, mask, mask)) < 0)
			refuse("no rule", text);
	}
}

static void add(scmp_filter_ctx filter, char *word)
{
	char *error = strchr(word, '=');

	if (!error)
		refuse("not CALL=ERRNO", word);
	*error++ = '\0';
	char *bits = strchr(word, ':');
	if (bits)
		*bits++ = '\0';
	int call = seccomp_syscall_resolve_name(word);
	if (call == __NR_SCMP_ERROR)
		refuse("no system call", word);
	uint32_t action = SCMP_ACT_ERRNO((unsigned)number_of(error));
	if (bits)
		add_bits(filter, action, call, bits);
	else if (seccomp_rule_add(filter, action, call, 0) < 0)
		refuse("no rule", word);
}

int main(int argc, char **argv)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int next = 1;

	if (!filter)
		refuse("seccomp_init", "failed");
	for (; next < argc && strcmp(argv[next], "--") != 0; next++)
		add(filter, argv[next]);
	if (next + 1 >= argc)
		refuse("usage", "fake CALL[:BITS]=ERRNO... -- COMMAND");
	if (seccomp_load(filter) < 0)
		refuse("seccomp_load", strerror(errno));
	seccomp_release(filter);
	execvp(argv[next + 1], argv + next + 1);
	refuse(argv[next + 1], strerror(errno));
}
