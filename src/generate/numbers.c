/* Theory of operation: neighbours with the same answer form a range, and a balanced tree of
 * comparisons finds the range of a number. Its leaves are jumps behind the tree, to one return for
 * each answer. A launch pays for every instruction of a filter, some half a microsecond; a test for
 * each of 400 calls made up most of it. */
#include "generate/numbers.h"

#include <linux/seccomp.h>

struct tree {
	struct sock_filter *out;
	size_t count, room;
	size_t leaves; /* where the returns stand */
	size_t starts[NUMBERS_LIMIT + 1];
	enum numbers_answer answers[NUMBERS_LIMIT + 1];
	size_t ranges;
};

static int append(struct tree *tree, struct sock_filter instruction, struct error *err)
{
	if (tree->count == tree->room)
		return error_set(err, "the filter has too many instructions");
	tree->out[tree->count++] = instruction;
	return 0;
}

static int begin(struct tree *tree, const struct numbers *numbers, struct error *err)
{
	const struct sock_filter end = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);

	if (append(tree,
	           (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
	                                        offsetof(struct seccomp_data, arch)),
	           err) < 0 ||
	    append(tree,
	           (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, numbers->architecture, 1,
	                                        0),
	           err) < 0 ||
	    append(tree, end, err) < 0 ||
	    append(tree,
	           (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
	                                        offsetof(struct seccomp_data, nr)),
	           err) < 0)
		return -1;
	if (!numbers->has_x32)
		return 0;
	/* -1 is no number of that table: a tracer took the call away. */
	if (append(tree, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 2),
	           err) < 0 ||
	    append(tree, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xffffffff, 1, 0),
	           err) < 0)
		return -1;
	return append(tree, end, err);
}

static void find_ranges(struct tree *tree, const struct numbers *numbers)
{
	for (size_t i = 0; i <= NUMBERS_LIMIT; i++) {
		enum numbers_answer answer =
		        i < NUMBERS_LIMIT ? numbers->answers[i] : NUMBERS_UNKNOWN;
		if (tree->ranges && tree->answers[tree->ranges - 1] == answer)
			continue;
		tree->starts[tree->ranges] = i;
		tree->answers[tree->ranges++] = answer;
	}
}

/* Tells the ranges from `first` on, `count` of them, apart. One range takes no instruction: the
 * comparison above it jumps to the leaf. */
static int divide(struct tree *tree, size_t first, size_t count, struct error *err)
{
	size_t half = count / 2;
	size_t here = tree->count;

	if (count < 2)
		return 0;
	if (append(tree,
	           (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K,
	                                        (uint32_t)tree->starts[first + half], 0, 0),
	           err) < 0 ||
	    divide(tree, first, half, err) < 0)
		return -1;
	size_t below = half == 1 ? tree->leaves + tree->answers[first] : here + 1;
	size_t above = count - half == 1 ? tree->leaves + tree->answers[first + half] : tree->count;
	if (above - here - 1 > UINT8_MAX || below - here - 1 > UINT8_MAX)
		return error_set(err, "the filter's numbers form more ranges than jumps can reach");
	tree->out[here].jt = (uint8_t)(above - here - 1);
	tree->out[here].jf = (uint8_t)(below - here - 1);
	return divide(tree, first + half, count - half, err);
}

static int end(struct tree *tree, const struct numbers *numbers, struct error *err)
{
	for (int answer = 0; answer < NUMBERS_BY_ARGUMENTS; answer++)
		if (append(tree,
		           (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, numbers->actions[answer]),
		           err) < 0)
			return -1;
	return 0;
}

long numbers_compile(const struct numbers *numbers, struct sock_filter *out, size_t room,
                     struct error *err)
{
	struct tree tree = {.out = out, .room = room};

	if (begin(&tree, numbers, err) < 0)
		return -1;
	find_ranges(&tree, numbers);
	if (tree.ranges < 2)
		return error_set(err, "the filter decides nothing");
	tree.leaves = tree.count + tree.ranges - 1;
	if (divide(&tree, 0, tree.ranges, err) < 0 || end(&tree, numbers, err) < 0)
		return -1;
	return (long)tree.count;
}
