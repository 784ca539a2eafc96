#include "simulator.h"

#include <stdbool.h>
#include <string.h>

/* What seccomp accepts of the classic instruction set (kernel: seccomp_check_filter,
 * bpf_check_classic). */
enum shape {
	SHAPE_REFUSED, /* zero: whatever is not in the table */
	SHAPE_PLAIN,
	SHAPE_LOAD,    /* k is an offset into the call's data */
	SHAPE_READ,    /* k is a scratch word that must have been written */
	SHAPE_WRITE,   /* k is a scratch word */
	SHAPE_SHIFT,   /* k is less than 32 */
	SHAPE_DIVIDE,  /* k is not zero */
	SHAPE_JUMP,    /* k is a distance */
	SHAPE_COMPARE, /* jt and jf are distances */
	SHAPE_RETURN,
};

static const unsigned char shapes[256] = {
        [BPF_LD | BPF_W | BPF_ABS] = SHAPE_LOAD,
        [BPF_LD | BPF_W | BPF_LEN] = SHAPE_PLAIN,
        [BPF_LDX | BPF_W | BPF_LEN] = SHAPE_PLAIN,
        [BPF_LD | BPF_IMM] = SHAPE_PLAIN,
        [BPF_LDX | BPF_IMM] = SHAPE_PLAIN,
        [BPF_LD | BPF_MEM] = SHAPE_READ,
        [BPF_LDX | BPF_MEM] = SHAPE_READ,
        [BPF_ST] = SHAPE_WRITE,
        [BPF_STX] = SHAPE_WRITE,
        [BPF_MISC | BPF_TAX] = SHAPE_PLAIN,
        [BPF_MISC | BPF_TXA] = SHAPE_PLAIN,
        [BPF_ALU | BPF_ADD | BPF_K] = SHAPE_PLAIN,
        [BPF_ALU | BPF_ADD | BPF_X] = SHAPE_PLAIN,
        [BPF_ALU | BPF_SUB | BPF_K] = SHAPE_PLAIN,
        [BPF_ALU | BPF_SUB | BPF_X] = SHAPE_PLAIN,
        [BPF_ALU | BPF_MUL | BPF_K] = SHAPE_PLAIN,
        [BPF_ALU | BPF_MUL | BPF_X] = SHAPE_PLAIN,
        [BPF_ALU | BPF_DIV | BPF_K] = SHAPE_DIVIDE,
        [BPF_ALU | BPF_DIV | BPF_X] = SHAPE_PLAIN,
        [BPF_ALU | BPF_AND | BPF_K] = SHAPE_PLAIN,
        [BPF_ALU | BPF_AND | BPF_X] = SHAPE_PLAIN,
        [BPF_ALU | BPF_OR | BPF_K] = SHAPE_PLAIN,
        [BPF_ALU | BPF_OR | BPF_X] = SHAPE_PLAIN,
        [BPF_ALU | BPF_XOR | BPF_K] = SHAPE_PLAIN,
        [BPF_ALU | BPF_XOR | BPF_X] = SHAPE_PLAIN,
        [BPF_ALU | BPF_LSH | BPF_K] = SHAPE_SHIFT,
        [BPF_ALU | BPF_LSH | BPF_X] = SHAPE_PLAIN,
        [BPF_ALU | BPF_RSH | BPF_K] = SHAPE_SHIFT,
        [BPF_ALU | BPF_RSH | BPF_X] = SHAPE_PLAIN,
        [BPF_ALU | BPF_NEG] = SHAPE_PLAIN,
        [BPF_JMP | BPF_JA] = SHAPE_JUMP,
        [BPF_JMP | BPF_JEQ | BPF_K] = SHAPE_COMPARE,
        [BPF_JMP | BPF_JEQ | BPF_X] = SHAPE_COMPARE,
        [BPF_JMP | BPF_JGT | BPF_K] = SHAPE_COMPARE,
        [BPF_JMP | BPF_JGT | BPF_X] = SHAPE_COMPARE,
        [BPF_JMP | BPF_JGE | BPF_K] = SHAPE_COMPARE,
        [BPF_JMP | BPF_JGE | BPF_X] = SHAPE_COMPARE,
        [BPF_JMP | BPF_JSET | BPF_K] = SHAPE_COMPARE,
        [BPF_JMP | BPF_JSET | BPF_X] = SHAPE_COMPARE,
        [BPF_RET | BPF_K] = SHAPE_RETURN,
        [BPF_RET | BPF_A] = SHAPE_RETURN,
};

static enum shape shape_of(const struct sock_filter *at)
{
	return at->code < 256 ? (enum shape)shapes[at->code] : SHAPE_REFUSED;
}

/* Whether the operand of one instruction is in range; `left` instructions follow it. */
static bool operand_fits(const struct sock_filter *at, size_t left)
{
	switch (shape_of(at)) {
	case SHAPE_LOAD:
		return at->k % 4 == 0 && at->k <= sizeof(struct seccomp_data) - 4;
	case SHAPE_READ:
	case SHAPE_WRITE:
		return at->k < BPF_MEMWORDS;
	case SHAPE_SHIFT:
		return at->k < 32;
	case SHAPE_DIVIDE:
		return at->k != 0;
	case SHAPE_JUMP:
		return at->k < left;
	case SHAPE_COMPARE:
		return at->jt < left && at->jf < left;
	case SHAPE_PLAIN:
	case SHAPE_RETURN:
		return true;
	case SHAPE_REFUSED:
		break;
	}
	return false;
}

/* Jumps only go forward: one pass knows for each instruction which scratch words every way to it
 * has written. */
static int check_memory(const struct sock_filter *program, size_t count, struct error *err)
{
	uint16_t written[BPF_MAXINSNS];
	uint16_t here = 0;

	memset(written, 0xff, sizeof(written));
	for (size_t i = 0; i < count; i++) {
		const struct sock_filter *at = &program[i];

		here &= written[i];
		switch (shape_of(at)) {
		case SHAPE_WRITE:
			here |= (uint16_t)(1u << at->k);
			break;
		case SHAPE_READ:
			if (!(here & (1u << at->k)))
				return error_set(err, "instruction %zu reads an unwritten word", i);
			break;
		case SHAPE_JUMP:
			written[i + 1 + at->k] &= here;
			here = UINT16_MAX;
			break;
		case SHAPE_COMPARE:
			written[i + 1 + at->jt] &= here;
			written[i + 1 + at->jf] &= here;
			here = UINT16_MAX;
			break;
		default:
			break;
		}
	}
	return 0;
}

int simulator_check(const struct sock_filter *program, size_t count, struct error *err)
{
	if (count == 0 || count > BPF_MAXINSNS)
		return error_set(err, "a program has 1 to %d instructions, not %zu", BPF_MAXINSNS,
		                 count);
	for (size_t i = 0; i < count; i++) {
		if (shape_of(&program[i]) == SHAPE_REFUSED)
			return error_set(err, "instruction %zu: code 0x%x is not accepted", i,
			                 program[i].code);
		if (!operand_fits(&program[i], count - i - 1))
			return error_set(err, "instruction %zu: operand out of range", i);
	}
	if (shape_of(&program[count - 1]) != SHAPE_RETURN)
		return error_set(err, "the last instruction is no return");
	return check_memory(program, count, err);
}

struct machine {
	uint32_t a, x;
	uint32_t memory[BPF_MEMWORDS];
	bool stopped; /* a division by zero: the program returns 0 */
};

static uint32_t load(const struct seccomp_data *call, uint32_t offset)
{
	uint32_t word;

	memcpy(&word, (const char *)call + offset, sizeof(word));
	return word;
}

static void compute(struct machine *machine, const struct sock_filter *at)
{
	uint32_t operand = BPF_SRC(at->code) == BPF_X ? machine->x : at->k;

	switch (BPF_OP(at->code)) {
	case BPF_ADD:
		machine->a += operand;
		break;
	case BPF_SUB:
		machine->a -= operand;
		break;
	case BPF_MUL:
		machine->a *= operand;
		break;
	case BPF_DIV:
		machine->stopped = operand == 0;
		machine->a = operand ? machine->a / operand : 0;
		break;
	case BPF_AND:
		machine->a &= operand;
		break;
	case BPF_OR:
		machine->a |= operand;
		break;
	case BPF_XOR:
		machine->a ^= operand;
		break;
	case BPF_LSH:
		machine->a <<= operand & 31;
		break;
	case BPF_RSH:
		machine->a >>= operand & 31;
		break;
	case BPF_NEG:
		machine->a = -machine->a;
		break;
	}
}

static bool compare(const struct machine *machine, const struct sock_filter *at)
{
	uint32_t operand = BPF_SRC(at->code) == BPF_X ? machine->x : at->k;

	switch (BPF_OP(at->code)) {
	case BPF_JEQ:
		return machine->a == operand;
	case BPF_JGT:
		return machine->a > operand;
	case BPF_JGE:
		return machine->a >= operand;
	default:
		return machine->a & operand;
	}
}

static uint32_t value_of_load(const struct machine *machine, const struct sock_filter *at,
                              const struct seccomp_data *call)
{
	switch (BPF_MODE(at->code)) {
	case BPF_ABS:
		return load(call, at->k);
	case BPF_LEN:
		return sizeof(*call);
	case BPF_MEM:
		return machine->memory[at->k];
	default:
		return at->k;
	}
}

/* Executes what neither jumps nor returns. */
static void execute(struct machine *machine, const struct sock_filter *at,
                    const struct seccomp_data *call)
{
	switch (BPF_CLASS(at->code)) {
	case BPF_LD:
		machine->a = value_of_load(machine, at, call);
		break;
	case BPF_LDX:
		machine->x = value_of_load(machine, at, call);
		break;
	case BPF_ST:
		machine->memory[at->k] = machine->a;
		break;
	case BPF_STX:
		machine->memory[at->k] = machine->x;
		break;
	case BPF_ALU:
		compute(machine, at);
		break;
	case BPF_MISC:
		if (BPF_MISCOP(at->code) == BPF_TAX)
			machine->x = machine->a;
		else
			machine->a = machine->x;
		break;
	}
}

static uint32_t run(const struct sock_filter *program, size_t count,
                    const struct seccomp_data *call, size_t *steps)
{
	struct machine machine = {0};

	*steps = 0;
	for (size_t i = 0; i < count && !machine.stopped; i++) {
		const struct sock_filter *at = &program[i];

		++*steps;
		switch (shape_of(at)) {
		case SHAPE_RETURN:
			return BPF_RVAL(at->code) == BPF_A ? machine.a : at->k;
		case SHAPE_JUMP:
			i += at->k;
			break;
		case SHAPE_COMPARE:
			i += compare(&machine, at) ? at->jt : at->jf;
			break;
		default:
			execute(&machine, at, call);
			break;
		}
	}
	return SECCOMP_RET_KILL_THREAD;
}

uint32_t simulator_run(const struct sock_filter *program, size_t count,
                       const struct seccomp_data *call)
{
	size_t steps;

	return run(program, count, call, &steps);
}

size_t simulator_steps(const struct sock_filter *program, size_t count,
                       const struct seccomp_data *call)
{
	size_t steps;

	run(program, count, call, &steps);
	return steps;
}
