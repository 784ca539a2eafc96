/* Theory of operation: jumps of classic BPF only lead forward, so one walk from the first
 * instruction to the last knows what the accumulator holds wherever all ways to an instruction
 * agree on it. The first walk marks what must be written (labels, what is reached); the second
 * writes. */
#include "plan/pseudo.h"

#include "base/cleanup.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum source {
	SOURCE_NONE,        /* nothing leads here yet */
	SOURCE_DATA,        /* the 32 bits of struct seccomp_data at `offset`, and'ed with `mask` */
	SOURCE_ACCUMULATOR, /* computed */
	SOURCE_MIXED,       /* different from one way to another */
};

struct content {
	enum source source;
	uint32_t offset;
	uint32_t mask;
};

/* What is known in front of an instruction. */
struct state {
	bool reached; /* by a statement, not only by a jump that is written as a return */
	bool labelled;
	bool architecture_known; /* the same on every way */
	uint32_t architecture;
	struct content content;
};

struct walk {
	const struct sock_filter *program;
	size_t count;
	uint32_t architecture; /* until the program has compared it */
	struct state *states;
	struct buffer *out; /* NULL: the first walk */
	bool explicit;      /* loads are written: what one of them left is used behind a merge */
};

uint32_t pseudo_native(void)
{
	return seccomp_arch_native();
}

/* Takes over `name`, which may be NULL. */
static void append_call(struct buffer *out, char *name, uint32_t number, bool with_number)
{
	if (!name)
		buffer_printf(out, "0x%x", number);
	else if (with_number)
		buffer_printf(out, "%s (%u)", name, number);
	else
		buffer_append_text(out, name);
	free(name);
}

static const struct {
	uint32_t value;
	const char *name;
} architectures[] = {
        {AUDIT_ARCH_X86_64, "x86_64"},   {AUDIT_ARCH_I386, "i386"},
        {AUDIT_ARCH_AARCH64, "aarch64"}, {AUDIT_ARCH_ARM, "arm"},
        {AUDIT_ARCH_RISCV64, "riscv64"}, {AUDIT_ARCH_S390X, "s390x"},
        {AUDIT_ARCH_PPC64LE, "ppc64le"},
};

static void append_architecture(struct buffer *out, uint32_t value)
{
	for (size_t i = 0; i < sizeof(architectures) / sizeof(*architectures); i++) {
		if (architectures[i].value != value)
			continue;
		buffer_append_text(out, architectures[i].name);
		return;
	}
	buffer_printf(out, "0x%x", value);
}

/* The errno values that filters give; libseccomp has no names for them. */
static void append_errno(struct buffer *out, uint32_t number)
{
	const char *name = strerrorname_np((int)number);

	if (name && number)
		buffer_append_text(out, name);
	else
		buffer_printf(out, "errno %u", number);
}

void pseudo_append_verdict(struct buffer *out, uint32_t verdict)
{
	static const struct {
		uint32_t action;
		const char *name;
	} actions[] = {
	        {SECCOMP_RET_KILL_PROCESS, "kill the process"},
	        {SECCOMP_RET_KILL_THREAD, "kill the thread"},
	        {SECCOMP_RET_TRAP, "trap"},
	        {SECCOMP_RET_USER_NOTIF, "ask the supervisor"},
	        {SECCOMP_RET_TRACE, "tell the tracer"},
	        {SECCOMP_RET_LOG, "log and allow"},
	        {SECCOMP_RET_ALLOW, "allow"},
	};
	uint32_t action = verdict & SECCOMP_RET_ACTION_FULL;

	if (action == SECCOMP_RET_ERRNO) {
		append_errno(out, verdict & SECCOMP_RET_DATA);
		return;
	}
	for (size_t i = 0; i < sizeof(actions) / sizeof(*actions); i++) {
		if (actions[i].action != action)
			continue;
		buffer_append_text(out, actions[i].name);
		return;
	}
	/* The kernel takes what it does not know for the strictest. */
	buffer_printf(out, "kill the process (unknown verdict 0x%x)", verdict);
}

static void append_data(struct buffer *out, uint32_t offset)
{
	enum {
		POINTER = offsetof(struct seccomp_data, instruction_pointer),
		ARGUMENTS = offsetof(struct seccomp_data, args),
	};

	if (offset == offsetof(struct seccomp_data, nr))
		buffer_append_text(out, "call");
	else if (offset == offsetof(struct seccomp_data, arch))
		buffer_append_text(out, "architecture");
	else if (offset % 4 || offset >= sizeof(struct seccomp_data))
		buffer_printf(out, "data[%u]", offset);
	else if (offset < ARGUMENTS)
		buffer_printf(out, "instruction.%s", offset == POINTER ? "low" : "high");
	else
		buffer_printf(out, "argument%u.%s", (offset - ARGUMENTS) / 8,
		              offset % 8 ? "high" : "low");
}

static void append_content(struct buffer *out, const struct content *content)
{
	if (content->source != SOURCE_DATA) {
		buffer_append_text(out, "a");
		return;
	}
	if (content->mask != UINT32_MAX)
		buffer_append_text(out, "(");
	append_data(out, content->offset);
	if (content->mask != UINT32_MAX)
		buffer_printf(out, " & 0x%x)", content->mask);
}

static bool is_data(const struct content *content, size_t offset)
{
	return content->source == SOURCE_DATA && content->offset == offset &&
	       content->mask == UINT32_MAX;
}

/* `ordered`: names have no order, so the number is wanted, too. */
static void append_constant(struct walk *walk, const struct state *state, uint32_t value,
                            bool ordered)
{
	if (is_data(&state->content, offsetof(struct seccomp_data, arch))) {
		append_architecture(walk->out, value);
	} else if (is_data(&state->content, offsetof(struct seccomp_data, nr))) {
		uint32_t architecture =
		        state->architecture_known ? state->architecture : walk->architecture;
		append_call(walk->out, seccomp_syscall_resolve_num_arch(architecture, (int)value),
		            value, ordered);
	} else {
		buffer_printf(walk->out, "0x%x", value);
	}
}

/* Where a jump ends, over jumps that are always taken. SIZE_MAX: outside of the program. */
static size_t follow(struct walk *walk, size_t target)
{
	while (target < walk->count && walk->program[target].code == (BPF_JMP | BPF_JA)) {
		size_t next = target + 1 + walk->program[target].k;
		if (next <= target)
			return SIZE_MAX;
		target = next;
	}
	return target < walk->count ? target : SIZE_MAX;
}

static bool is_return(struct walk *walk, size_t target)
{
	return target < walk->count && BPF_CLASS(walk->program[target].code) == BPF_RET;
}

/* Adds what is known on one more way to an instruction. */
static void reach(struct walk *walk, size_t target, const struct state *from, bool by_jump)
{
	if (target >= walk->count || walk->out)
		return;
	struct state *to = &walk->states[target];
	if (by_jump)
		to->labelled = true;
	if (!to->reached) {
		to->content = from->content;
		to->architecture_known = from->architecture_known;
		to->architecture = from->architecture;
		to->reached = true;
		return;
	}
	if (to->content.source != from->content.source ||
	    to->content.offset != from->content.offset || to->content.mask != from->content.mask)
		to->content = (struct content){.source = SOURCE_MIXED};
	if (!from->architecture_known || to->architecture != from->architecture)
		to->architecture_known = false;
}

static void append_return(struct walk *walk, size_t number)
{
	const struct sock_filter *instruction = &walk->program[number];

	buffer_append_text(walk->out, "return ");
	if (BPF_RVAL(instruction->code) == BPF_A)
		buffer_append_text(walk->out, "a");
	else
		pseudo_append_verdict(walk->out, instruction->k);
}

static void append_target(struct walk *walk, size_t target)
{
	if (is_return(walk, target))
		append_return(walk, target);
	else if (target == SIZE_MAX)
		buffer_append_text(walk->out, "jump out of the program");
	else
		buffer_printf(walk->out, "goto L%zu", target);
}

static void append_line(struct walk *walk, const char *text)
{
	if (!walk->out)
		return;
	buffer_printf(walk->out, "      %s\n", text);
}

/* The comparisons, and their opposites. */
static const struct {
	uint16_t operation;
	const char *yes, *no; /* between the two sides */
} comparisons[] = {
        {BPF_JEQ, "==", "!="},
        {BPF_JGT, ">", "<="},
        {BPF_JGE, ">=", "<"},
        {BPF_JSET, "has", "lacks"},
};

static void append_condition(struct walk *walk, const struct state *state,
                             const struct sock_filter *instruction, bool opposite)
{
	const char *word = "?";

	for (size_t i = 0; i < sizeof(comparisons) / sizeof(*comparisons); i++)
		if (comparisons[i].operation == BPF_OP(instruction->code))
			word = opposite ? comparisons[i].no : comparisons[i].yes;
	buffer_append_text(walk->out, "      if ");
	append_content(walk->out, &state->content);
	buffer_printf(walk->out, " %s ", word);
	if (BPF_SRC(instruction->code) == BPF_X)
		buffer_append_text(walk->out, "x");
	else
		append_constant(walk, state, instruction->k, BPF_OP(instruction->code) != BPF_JEQ);
	buffer_append_text(walk->out, ": ");
}

/* The accumulator is used as it is. */
static void use(struct walk *walk, const struct state *state)
{
	if (state->content.source == SOURCE_MIXED)
		walk->explicit = true;
}

static void compare(struct walk *walk, size_t number, const struct state *state)
{
	const struct sock_filter *instruction = &walk->program[number];
	size_t yes = follow(walk, number + 1 + instruction->jt);
	size_t no = follow(walk, number + 1 + instruction->jf);
	struct state equal = *state;

	if (BPF_OP(instruction->code) == BPF_JEQ && BPF_SRC(instruction->code) == BPF_K &&
	    is_data(&state->content, offsetof(struct seccomp_data, arch))) {
		equal.architecture_known = true;
		equal.architecture = instruction->k;
	}
	/* What follows directly needs no jump, unless it is written as a return. */
	bool yes_follows = instruction->jt == 0;
	use(walk, state);
	bool no_follows = instruction->jf == 0 && !yes_follows;
	if (yes_follows)
		yes = number + 1;
	if (no_follows)
		no = number + 1;
	if (yes_follows || !is_return(walk, yes))
		reach(walk, yes, &equal, !yes_follows);
	if (no_follows || !is_return(walk, no))
		reach(walk, no, state, !no_follows);
	if (!walk->out)
		return;
	append_condition(walk, state, instruction, yes_follows);
	append_target(walk, yes_follows ? no : yes);
	if (!yes_follows && !no_follows) {
		buffer_append_text(walk->out, ", else ");
		append_target(walk, no);
	}
	buffer_append_text(walk->out, "\n");
}

static void jump(struct walk *walk, size_t number, const struct state *state)
{
	const struct sock_filter *instruction = &walk->program[number];

	if (instruction->code != (BPF_JMP | BPF_JA)) {
		compare(walk, number, state);
		return;
	}
	size_t target = follow(walk, number);
	if (!is_return(walk, target))
		reach(walk, target, state, true);
	if (!walk->out || target == number + 1)
		return;
	buffer_append_text(walk->out, "      ");
	append_target(walk, target);
	buffer_append_text(walk->out, "\n");
}

static void append_statement(const struct walk *walk, const struct content *content)
{
	buffer_append_text(walk->out, "      a = ");
	append_content(walk->out, content);
	buffer_append_text(walk->out, "\n");
}

static void load(struct walk *walk, const struct sock_filter *instruction, struct state *state)
{
	const char *where = BPF_CLASS(instruction->code) == BPF_LDX ? "x" : "a";
	bool accumulator = BPF_CLASS(instruction->code) == BPF_LD;

	if (instruction->code == (BPF_LD | BPF_W | BPF_ABS)) {
		state->content = (struct content){SOURCE_DATA, instruction->k, UINT32_MAX};
		if (walk->out && walk->explicit)
			append_statement(walk, &state->content);
		return;
	}
	if (accumulator)
		state->content = (struct content){.source = SOURCE_ACCUMULATOR};
	if (!walk->out)
		return;
	if (BPF_MODE(instruction->code) == BPF_MEM)
		buffer_printf(walk->out, "      %s = memory[%u]\n", where, instruction->k);
	else if (BPF_MODE(instruction->code) == BPF_IMM)
		buffer_printf(walk->out, "      %s = 0x%x\n", where, instruction->k);
	else if (BPF_MODE(instruction->code) == BPF_LEN)
		buffer_printf(walk->out, "      %s = %zu\n", where, sizeof(struct seccomp_data));
	else
		buffer_printf(walk->out, "      no instruction of a filter: 0x%x\n",
		              instruction->code);
}

/* What was folded so far becomes a statement of its own. */
static void unfold(struct walk *walk, struct state *state)
{
	use(walk, state);
	if (state->content.source == SOURCE_DATA && walk->out && !walk->explicit)
		append_statement(walk, &state->content);
	state->content = (struct content){.source = SOURCE_ACCUMULATOR};
}

static void compute(struct walk *walk, const struct sock_filter *instruction, struct state *state)
{
	static const struct {
		uint16_t operation;
		const char *name;
	} operations[] = {
	        {BPF_ADD, "+"}, {BPF_SUB, "-"},  {BPF_MUL, "*"},  {BPF_DIV, "/"}, {BPF_OR, "|"},
	        {BPF_AND, "&"}, {BPF_LSH, "<<"}, {BPF_RSH, ">>"}, {BPF_XOR, "^"},
	};

	if (instruction->code == (BPF_ALU | BPF_AND | BPF_K) &&
	    state->content.source == SOURCE_DATA) {
		state->content.mask &= instruction->k;
		if (walk->out && walk->explicit)
			append_statement(walk, &state->content);
		return;
	}
	unfold(walk, state);
	if (!walk->out)
		return;
	if (BPF_OP(instruction->code) == BPF_NEG) {
		append_line(walk, "a = -a");
		return;
	}
	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++) {
		if (operations[i].operation != BPF_OP(instruction->code))
			continue;
		if (BPF_SRC(instruction->code) == BPF_X)
			buffer_printf(walk->out, "      a = a %s x\n", operations[i].name);
		else
			buffer_printf(walk->out, "      a = a %s 0x%x\n", operations[i].name,
			              instruction->k);
		return;
	}
	buffer_printf(walk->out, "      no instruction of a filter: 0x%x\n", instruction->code);
}

static void store(struct walk *walk, const struct sock_filter *instruction, struct state *state)
{
	if (BPF_CLASS(instruction->code) == BPF_ST)
		unfold(walk, state);
	if (walk->out)
		buffer_printf(walk->out, "      memory[%u] = %s\n", instruction->k,
		              BPF_CLASS(instruction->code) == BPF_ST ? "a" : "x");
}

static void exchange(struct walk *walk, const struct sock_filter *instruction, struct state *state)
{
	if (BPF_MISCOP(instruction->code) == BPF_TAX) {
		unfold(walk, state);
		append_line(walk, "x = a");
		return;
	}
	append_line(walk, "a = x");
	state->content = (struct content){.source = SOURCE_ACCUMULATOR};
}

static void step(struct walk *walk, size_t number)
{
	const struct sock_filter *instruction = &walk->program[number];
	struct state state = walk->states[number];

	if (!state.reached)
		return;
	if (walk->out && state.labelled)
		buffer_printf(walk->out, "L%zu:\n", number);
	switch (BPF_CLASS(instruction->code)) {
	case BPF_JMP:
		jump(walk, number, &state);
		return;
	case BPF_RET:
		if (BPF_RVAL(instruction->code) == BPF_A)
			unfold(walk, &state);
		if (walk->out) {
			buffer_append_text(walk->out, "      ");
			append_return(walk, number);
			buffer_append_text(walk->out, "\n");
		}
		return;
	case BPF_LD:
	case BPF_LDX:
		load(walk, instruction, &state);
		break;
	case BPF_ALU:
		compute(walk, instruction, &state);
		break;
	case BPF_ST:
	case BPF_STX:
		store(walk, instruction, &state);
		break;
	default:
		exchange(walk, instruction, &state);
		break;
	}
	if (number + 1 == walk->count)
		append_line(walk, "no return: behind the end of the program");
	reach(walk, number + 1, &state, false);
}

void pseudo_append(struct buffer *out, const struct sock_filter *program, size_t count,
                   uint32_t architecture)
{
	cleanup_free struct state *states = calloc(count + 1, sizeof(*states));
	struct walk walk = {
	        .program = program,
	        .count = count,
	        .architecture = architecture,
	        .states = states,
	};
	/* In the beginning the accumulator is 0. */
	const struct state start = {.content = {.source = SOURCE_ACCUMULATOR}};

	if (!states) {
		out->failed = true;
		return;
	}
	reach(&walk, 0, &start, false);
	for (size_t i = 0; i < count; i++)
		step(&walk, i);
	walk.out = out;
	for (size_t i = 0; i < count; i++)
		step(&walk, i);
}

void pseudo_append_raw(struct buffer *out, const struct sock_filter *program, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buffer_printf(out, "%5zu  0x%02x %3u %3u 0x%08x\n", i, program[i].code,
		              program[i].jt, program[i].jf, program[i].k);
}
