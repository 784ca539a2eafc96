#include "watch/program.h"

#include <string.h>

static uint32_t load(const struct seccomp_data *call, uint32_t offset)
{
	uint32_t word = 0;

	if (offset <= sizeof(*call) - sizeof(word))
		memcpy(&word, (const char *)call + offset, sizeof(word));
	return word;
}

/* How far a conditional jump goes. */
static size_t branch(const struct sock_filter *at, uint32_t accumulator)
{
	switch (BPF_OP(at->code)) {
	case BPF_JEQ:
		return accumulator == at->k ? at->jt : at->jf;
	case BPF_JGT:
		return accumulator > at->k ? at->jt : at->jf;
	case BPF_JGE:
		return accumulator >= at->k ? at->jt : at->jf;
	case BPF_JSET:
		return accumulator & at->k ? at->jt : at->jf;
	default:
		return at->k;
	}
}

uint32_t program_evaluate(const struct sock_filter *program, size_t count,
                          const struct seccomp_data *call)
{
	uint32_t accumulator = 0;

	for (size_t i = 0; i < count; i++) {
		const struct sock_filter *at = &program[i];

		if (at->code == (BPF_LD | BPF_W | BPF_ABS))
			accumulator = load(call, at->k);
		else if (at->code == (BPF_ALU | BPF_AND | BPF_K))
			accumulator &= at->k;
		else if (BPF_CLASS(at->code) == BPF_JMP && BPF_SRC(at->code) == BPF_K)
			i += branch(at, accumulator);
		else if (at->code == (BPF_RET | BPF_K))
			return at->k;
		else
			break;
	}
	return SECCOMP_RET_KILL_PROCESS;
}
