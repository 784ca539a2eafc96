/* Theory of operation, of the base filter: four pieces of program, one after the other, like the
 * chains of a packet filter. Each either decides or passes on to the next:
 *
 *   1. calls whose number alone decides: ALLOW, EPERM, ENOSYS; those with rules on arguments: on
 *   2. refusals that depend on arguments: EPERM, else on   (libseccomp, default ALLOW)
 *   3. permissions that depend on arguments: ALLOW, else on   (libseccomp, default ENOSYS)
 *   4. what no rule on arguments decided: EPERM   (libseccomp, default ENOSYS)
 *
 * libseccomp compiles the rules on arguments; where it would return the default of piece 2 or 3,
 * the return is replaced by a jump to the next piece. So no two rules of one piece can contradict
 * each other, and nothing depends on the order in which libseccomp tests overlapping rules of one
 * call, which it does not promise. Piece 1 (numbers.c) ends foreign architectures (and x32) for all
 * of them; it is a tree of ranges, since every instruction costs each launch time. The kernel
 * evaluates jumps when it computes its bitmap of calls that are always allowed, so the length of
 * the chain costs nothing while a program runs.
 *
 * The filter of a watched run differs in three points: calls that are watched whatever their
 * arguments are among the refused ones of piece 1; behind it stands another piece, of calls whose
 * arguments say whether they are watched; and what is refused or watched is told to a listener,
 * which answers. */
#include "generate/filter.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "generate/condition.h"
#include "generate/emit.h"
#include "generate/numbers.h"
#include "generate/program.h"
#include "generate/source.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

static const struct architecture {
	const char *name;
	uint32_t token; /* libseccomp's, which is AUDIT_ARCH_* */
	bool has_x32;
} architectures[] = {
        {"x86_64", SCMP_ARCH_X86_64, true},
        {"aarch64", SCMP_ARCH_AARCH64, false},
};
enum {
	ARCHITECTURES = sizeof(architectures) / sizeof(architectures[0]),
};

enum piece {
	PIECE_REFUSE_ARGUMENTS,
	PIECE_WATCH,
	PIECE_ALLOW,
	PIECE_REFUSE,
	PIECE_COUNT,
};

#define ACTION_UNKNOWN SCMP_ACT_ERRNO(ENOSYS)
#define ACTION_REFUSE  SCMP_ACT_ERRNO(EPERM)

static const struct piece_kind {
	uint32_t by_default;
	uint32_t action;
	enum numbers_answer answer; /* of a call that is in the piece whatever its arguments */
} piece_kinds[PIECE_COUNT] = {
        [PIECE_REFUSE_ARGUMENTS] = {SCMP_ACT_ALLOW, ACTION_REFUSE, NUMBERS_BY_ARGUMENTS},
        [PIECE_WATCH] = {SCMP_ACT_ALLOW, ACTION_REFUSE, NUMBERS_REFUSED},
        [PIECE_ALLOW] = {ACTION_UNKNOWN, SCMP_ACT_ALLOW, NUMBERS_ALLOWED},
        [PIECE_REFUSE] = {ACTION_UNKNOWN, ACTION_REFUSE, NUMBERS_REFUSED},
};

struct compiler {
	const struct source *source;
	const struct architecture *architecture;
	scmp_filter_ctx pieces[PIECE_COUNT];
	struct numbers numbers;
	struct numbers watched; /* the same for a watched run */
};

static void compiler_release(struct compiler *compiler)
{
	for (size_t i = 0; i < PIECE_COUNT; i++)
		if (compiler->pieces[i])
			seccomp_release(compiler->pieces[i]);
}

static int library_error(int result, const char *what, struct error *err)
{
	return error_system(err, -result, "libseccomp: %s", what);
}

static int open_piece(const struct architecture *architecture, uint32_t by_default,
                      scmp_filter_ctx *out, struct error *err)
{
	scmp_filter_ctx filter = *out = seccomp_init(by_default);
	int result;

	if (!filter)
		return error_set(err, "libseccomp: cannot begin a filter");
	if (architecture->token != seccomp_arch_native()) {
		result = seccomp_arch_add(filter, architecture->token);
		if (result == 0)
			result = seccomp_arch_remove(filter, seccomp_arch_native());
		if (result < 0)
			return library_error(result, architecture->name, err);
	}
	result = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (result < 0)
		return library_error(result, "action for foreign architectures", err);
	/* A binary tree: loading takes half the time of a list. */
	result = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	return result < 0 ? library_error(result, "optimisation", err) : 0;
}

/* --- Names ----------------------------------------------------------------------------------- */

/* Whether any architecture that remit knows has the call. */
static bool library_knows(const char *name)
{
	for (size_t i = 0; i < ARCHITECTURES; i++)
		if (seccomp_syscall_resolve_name_arch(architectures[i].token, name) >= 0)
			return true;
	return false;
}

static int read_newer(const struct compiler *compiler, const struct yaml_tree *node, int *number,
                      struct error *err)
{
	char *end;

	if (node->kind == YAML_TREE_MAPPING) {
		node = yaml_tree_get(node, compiler->architecture->name);
		if (!node) {
			*number = -1; /* this architecture does not have it */
			return 0;
		}
	}
	if (source_expect(compiler->source, node, YAML_TREE_SCALAR, "a number", err) < 0)
		return -1;
	errno = 0;
	long value = strtol(node->value, &end, 10);
	if (*end || end == node->value || errno || value < 1 || value > 1023)
		return source_error(compiler->source, node, err, "`%s` is no system call's number",
		                    node->value);
	*number = (int)value;
	return 0;
}

/* The number of a call; -1 where this architecture lacks it. One that stands in `numbers` may be
 * newer than libseccomp; a libseccomp that has learnt it since must agree. */
static int find_number(const struct compiler *compiler, const struct yaml_tree *name, int *number,
                       struct error *err)
{
	const struct yaml_tree *newer = yaml_tree_get(compiler->source->root, "numbers");
	const struct yaml_tree *node = newer ? yaml_tree_get(newer, name->value) : NULL;
	int known = seccomp_syscall_resolve_name_arch(compiler->architecture->token, name->value);

	*number = known < 0 ? -1 : known;
	if (!node && !library_knows(name->value))
		return source_error(compiler->source, name, err,
		                    "no architecture has the system call `%s`", name->value);
	if (node && read_newer(compiler, node, number, err) < 0)
		return -1;
	if (node && known >= 0 && known != *number)
		return source_error(compiler->source, node, err, "libseccomp says %d for %s", known,
		                    name->value);
	if (*number >= NUMBERS_LIMIT)
		return source_error(compiler->source, name, err, "the number of %s is %d",
		                    name->value, *number);
	return 0;
}

/* A call whose number alone decides. */
static int add_number(struct compiler *compiler, const struct yaml_tree *name,
                      enum numbers_answer answer, struct error *err)
{
	int number = -1;

	if (find_number(compiler, name, &number, err) < 0)
		return -1;
	if (number < 0)
		return 0;
	if (compiler->numbers.answers[number] != NUMBERS_UNKNOWN)
		return source_error(compiler->source, name, err,
		                    "%s has the number of another call, %d", name->value, number);
	compiler->numbers.answers[number] = answer;
	return 0;
}

/* A call with rules on its arguments; `count` may be 0, for what no rule decides. */
static int add_call(struct compiler *compiler, enum piece piece, const struct yaml_tree *name,
                    const struct scmp_arg_cmp *comparisons, unsigned count, struct error *err)
{
	const struct yaml_tree *numbers = yaml_tree_get(compiler->source->root, "numbers");

	if (numbers && yaml_tree_get(numbers, name->value))
		return source_error(compiler->source, name, err,
		                    "arguments of a call from `numbers` cannot be tested");
	if (seccomp_syscall_resolve_name_arch(compiler->architecture->token, name->value) < 0)
		return 0;
	/* The library takes the native number, and translates it for a foreign architecture. */
	int result = seccomp_rule_add_array(compiler->pieces[piece], piece_kinds[piece].action,
	                                    seccomp_syscall_resolve_name(name->value), count,
	                                    comparisons);
	if (result < 0)
		return source_error(compiler->source, name, err, "libseccomp refuses %s: %s",
		                    name->value, strerror(-result));
	return 0;
}

/* --- Groups ---------------------------------------------------------------------------------- */

static const struct source_key root_keys[] = {
        {"numbers", YAML_TREE_MAPPING, false},   {"groups", YAML_TREE_MAPPING, true},
        {"arguments", YAML_TREE_MAPPING, true},  {"watch", YAML_TREE_MAPPING, false},
        {"constants", YAML_TREE_MAPPING, false},
};
static const struct source_key watch_keys[] = {
        {"help", YAML_TREE_SCALAR, true},
        {"calls", YAML_TREE_SEQUENCE, true},
        {"arguments", YAML_TREE_MAPPING, true},
};
static const struct source_key watched_call_keys[] = {
        {"parameters", YAML_TREE_SEQUENCE, true},
        {"when", YAML_TREE_SEQUENCE, true},
};
static const struct source_key group_keys[] = {
        {"help", YAML_TREE_SCALAR, true},
        {"verdict", YAML_TREE_SCALAR, true},
        {"calls", YAML_TREE_SEQUENCE, true},
};
static const struct source_key argument_keys[] = {
        {"help", YAML_TREE_SCALAR, true},
        {"parameters", YAML_TREE_SEQUENCE, true},
        {"refuse", YAML_TREE_SEQUENCE, false},
        {"allow", YAML_TREE_SEQUENCE, false},
};

static int read_verdict(const struct source *source, const struct yaml_tree *node,
                        enum piece *piece, struct error *err)
{
	static const struct {
		const char *word;
		enum piece piece;
	} verdicts[] = {{"allow", PIECE_ALLOW}, {"refuse", PIECE_REFUSE}};

	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		if (strcmp(verdicts[i].word, node->value) == 0) {
			*piece = verdicts[i].piece;
			return 0;
		}
	}
	return source_error(source, node, err, "must be allow or refuse");
}

/* How many groups and argument rules name the call: it must be one. */
static size_t count_mentions(const struct source *source, const char *name)
{
	const struct yaml_tree *groups = yaml_tree_get(source->root, "groups");
	size_t count = yaml_tree_get(yaml_tree_get(source->root, "arguments"), name) != NULL;

	for (size_t i = 0; i < groups->count; i += 2) {
		const struct yaml_tree *calls = yaml_tree_get(groups->items[i + 1], "calls");

		for (size_t j = 0; calls && j < calls->count; j++)
			count += strcmp(calls->items[j]->value, name) == 0;
	}
	return count;
}

static int add_group(struct compiler *compiler, const struct yaml_tree *name,
                     const struct yaml_tree *group, struct error *err)
{
	const struct source *source = compiler->source;
	enum piece piece = PIECE_REFUSE;

	if (source_expect(source, group, YAML_TREE_MAPPING, name->value, err) < 0 ||
	    source_expect_keys(source, group, group_keys, 3, err) < 0 ||
	    read_verdict(source, yaml_tree_get(group, "verdict"), &piece, err) < 0)
		return -1;
	const struct yaml_tree *calls = yaml_tree_get(group, "calls");
	if (source_expect_words(source, calls, err) < 0)
		return -1;
	for (size_t i = 0; i < calls->count; i++) {
		const struct yaml_tree *call = calls->items[i];

		if (count_mentions(source, call->value) != 1)
			return source_error(source, call, err, "`%s` stands in two places",
			                    call->value);
		if (add_number(compiler, call, piece_kinds[piece].answer, err) < 0)
			return -1;
	}
	return 0;
}

struct rule_target {
	struct compiler *compiler;
	enum piece piece;
	const struct yaml_tree *name;
};

static int add_rule(void *context, const struct scmp_arg_cmp *comparisons, unsigned count,
                    struct error *err)
{
	struct rule_target *target = context;

	return add_call(target->compiler, target->piece, target->name, comparisons, count, err);
}

static int add_arguments(struct compiler *compiler, const struct yaml_tree *name,
                         const struct yaml_tree *call, struct error *err)
{
	const struct source *source = compiler->source;

	if (source_expect(source, call, YAML_TREE_MAPPING, name->value, err) < 0 ||
	    source_expect_keys(source, call, argument_keys, 4, err) < 0)
		return -1;
	const struct yaml_tree *refuse = yaml_tree_get(call, "refuse");
	const struct yaml_tree *allow = yaml_tree_get(call, "allow");
	const struct yaml_tree *rules = refuse ? refuse : allow;
	if (!refuse == !allow || rules->count == 0)
		return source_error(source, name, err, "`%s` needs rules in `refuse` or in `allow`",
		                    name->value);
	if (add_number(compiler, name, NUMBERS_BY_ARGUMENTS, err) < 0)
		return -1;
	struct rule_target target = {compiler, refuse ? PIECE_REFUSE_ARGUMENTS : PIECE_ALLOW, name};
	for (size_t i = 0; i < rules->count; i++)
		if (condition_expand(source, yaml_tree_get(call, "parameters"), rules->items[i],
		                     add_rule, &target, err) < 0)
			return -1;
	/* What no rule decided. */
	return add_call(compiler, refuse ? PIECE_ALLOW : PIECE_REFUSE, name, NULL, 0, err);
}

/* A call that is watched, whatever its arguments, must be one that some group or rule decides. */
static int watch_call(struct compiler *compiler, const struct yaml_tree *name, struct error *err)
{
	int number = -1;

	if (count_mentions(compiler->source, name->value) != 1)
		return source_error(compiler->source, name, err, "nothing decides `%s`",
		                    name->value);
	if (find_number(compiler, name, &number, err) < 0)
		return -1;
	if (number >= 0)
		compiler->watched.answers[number] = piece_kinds[PIECE_WATCH].answer;
	return 0;
}

/* A call of a group that is allowed, but for what is watched of it: where there is a listener, its
 * number leads to the pieces on arguments. */
static int lead_to_arguments(struct compiler *compiler, const struct yaml_tree *name,
                             struct error *err)
{
	int number = -1;

	if (find_number(compiler, name, &number, err) < 0)
		return -1;
	if (number < 0)
		return 0;
	if (compiler->numbers.answers[number] != piece_kinds[PIECE_ALLOW].answer)
		return source_error(compiler->source, name, err, "nothing allows `%s`",
		                    name->value);
	compiler->watched.answers[number] = NUMBERS_BY_ARGUMENTS;
	return add_call(compiler, PIECE_ALLOW, name, NULL, 0, err);
}

/* One that its arguments make so. */
static int watch_arguments(struct compiler *compiler, const struct yaml_tree *name,
                           const struct yaml_tree *call, struct error *err)
{
	const struct source *source = compiler->source;
	struct rule_target target = {compiler, PIECE_WATCH, name};

	if (source_expect(source, call, YAML_TREE_MAPPING, name->value, err) < 0 ||
	    source_expect_keys(source, call, watched_call_keys, 2, err) < 0)
		return -1;
	if (!yaml_tree_get(yaml_tree_get(source->root, "arguments"), name->value) &&
	    lead_to_arguments(compiler, name, err) < 0)
		return -1;
	const struct yaml_tree *rules = yaml_tree_get(call, "when");
	for (size_t i = 0; i < rules->count; i++)
		if (condition_expand(source, yaml_tree_get(call, "parameters"), rules->items[i],
		                     add_rule, &target, err) < 0)
			return -1;
	return 0;
}

static int add_watched(struct compiler *compiler, const struct yaml_tree *watch, struct error *err)
{
	const struct source *source = compiler->source;

	compiler->watched = compiler->numbers;
	if (source_expect_keys(source, watch, watch_keys, 3, err) < 0)
		return -1;
	const struct yaml_tree *calls = yaml_tree_get(watch, "calls");
	const struct yaml_tree *arguments = yaml_tree_get(watch, "arguments");
	if (source_expect_words(source, calls, err) < 0)
		return -1;
	for (size_t i = 0; i < calls->count; i++)
		if (watch_call(compiler, calls->items[i], err) < 0)
			return -1;
	for (size_t i = 0; i < arguments->count; i += 2)
		if (watch_arguments(compiler, arguments->items[i], arguments->items[i + 1], err) <
		    0)
			return -1;
	return 0;
}

static int add_everything(struct compiler *compiler, struct error *err)
{
	const struct yaml_tree *watch = yaml_tree_get(compiler->source->root, "watch");

	const struct yaml_tree *groups = yaml_tree_get(compiler->source->root, "groups");
	const struct yaml_tree *arguments = yaml_tree_get(compiler->source->root, "arguments");

	for (size_t i = 0; i < groups->count; i += 2)
		if (add_group(compiler, groups->items[i], groups->items[i + 1], err) < 0)
			return -1;
	for (size_t i = 0; i < arguments->count; i += 2)
		if (add_arguments(compiler, arguments->items[i], arguments->items[i + 1], err) < 0)
			return -1;
	return watch ? add_watched(compiler, watch, err) : 0;
}

/* --- Linking --------------------------------------------------------------------------------- */

static int link_pieces(const struct compiler *compiler, bool watched, struct program *program,
                       struct error *err)
{
	const uint32_t allow = SCMP_ACT_ALLOW, unknown = ACTION_UNKNOWN;

	program->count = 0;
	if (program_append_numbers(program, watched ? &compiler->watched : &compiler->numbers,
	                           err) < 0 ||
	    program_append_filter(program, compiler->pieces[PIECE_REFUSE_ARGUMENTS], &allow, err) <
	            0 ||
	    (watched &&
	     program_append_filter(program, compiler->pieces[PIECE_WATCH], &allow, err) < 0) ||
	    program_append_filter(program, compiler->pieces[PIECE_ALLOW], &unknown, err) < 0 ||
	    program_append_filter(program, compiler->pieces[PIECE_REFUSE], NULL, err) < 0)
		return -1;
	if (watched)
		program_replace(program, ACTION_REFUSE, SECCOMP_RET_USER_NOTIF);
	return 0;
}

/* --- Names for reports ----------------------------------------------------------------------- */

static void print_call(const struct compiler *compiler, const struct yaml_tree *name,
                       const char *place, size_t line, const struct yaml_tree *parameters,
                       struct buffer *out)
{
	int number = -1;
	cleanup_error struct error ignored = {0};

	/* Numbers were read, and refused where they are wrong, when the rules were made. */
	if (find_number(compiler, name, &number, &ignored) < 0 || number < 0)
		return;
	buffer_printf(out, "\t{%d, ", number);
	emit_literal(out, name->value);
	buffer_printf(out, ", \"syscalls.yaml:%zu %s\", ", line, place);
	emit_word_array(out, parameters);
	buffer_append_text(out, "},\n");
}

/* Every call that can be refused, and the line that does it. */
static void print_calls(const struct compiler *compiler, struct buffer *out)
{
	const struct yaml_tree *groups = yaml_tree_get(compiler->source->root, "groups");
	const struct yaml_tree *arguments = yaml_tree_get(compiler->source->root, "arguments");

	buffer_append_text(out, "const struct filter_call filter_calls[] = {\n");
	for (size_t i = 0; i < groups->count; i += 2) {
		const struct yaml_tree *group = groups->items[i + 1];
		const struct yaml_tree *calls = yaml_tree_get(group, "calls");

		if (strcmp(yaml_tree_get(group, "verdict")->value, "refuse") != 0)
			continue;
		for (size_t j = 0; j < calls->count; j++)
			print_call(compiler, calls->items[j], groups->items[i]->value,
			           groups->items[i]->line, NULL, out);
	}
	for (size_t i = 0; i < arguments->count; i += 2)
		print_call(compiler, arguments->items[i], arguments->items[i]->value,
		           arguments->items[i]->line,
		           yaml_tree_get(arguments->items[i + 1], "parameters"), out);
	buffer_append_text(out, "};\n");
	emit_count(out, "filter_calls");
}

static const struct architecture *find_architecture(const char *name)
{
	for (size_t i = 0; i < ARCHITECTURES; i++)
		if (strcmp(architectures[i].name, name) == 0)
			return &architectures[i];
	return NULL;
}

/* The program that decides, and what a listener needs where the file has calls to watch. */
static int print_all(struct compiler *compiler, const char *name, struct program *program,
                     struct buffer *out, struct error *err)
{
	cleanup_free char *decides = text_printf("filter_%s", name);

	if (!decides)
		return error_memory(err);
	buffer_printf(out,
	              "/* Made from %s during the build, for %s. */\n"
	              "#include \"plan/filter.h\"\n\n",
	              compiler->source->path, compiler->architecture->name);
	if (link_pieces(compiler, false, program, err) < 0)
		return -1;
	program_print(program, decides, out);
	if (!yaml_tree_get(compiler->source->root, "watch"))
		return 0;
	if (link_pieces(compiler, true, program, err) < 0)
		return -1;
	program_print(program, "filter_watched", out);
	print_calls(compiler, out);
	return 0;
}

int filter_generate(const char *path, const char *architecture, const char *name,
                    struct buffer *out, struct error *err)
{
	cleanup_source struct source source = {0};
	__attribute__((cleanup(compiler_release))) struct compiler compiler = {
	        .source = &source,
	        .architecture = find_architecture(architecture),
	};
	cleanup_free struct program *program = calloc(1, sizeof(*program));

	if (!program)
		return error_memory(err);
	if (!compiler.architecture)
		return error_set(err, "there is no filter for the architecture `%s`", architecture);
	compiler.numbers = (struct numbers){
	        .architecture = compiler.architecture->token,
	        .has_x32 = compiler.architecture->has_x32,
	        .actions = {ACTION_UNKNOWN, SCMP_ACT_ALLOW, ACTION_REFUSE},
	};
	if (source_load(path, root_keys, sizeof(root_keys) / sizeof(root_keys[0]), &source, err) <
	    0)
		return -1;
	/* The actions are those of the kernel that will run the filter, not of the one that builds
	 * it: level 3 is Linux 4.14, the first with KILL_PROCESS. */
	int result = seccomp_api_set(3);
	if (result < 0)
		return library_error(result, "interface level", err);
	for (size_t i = 0; i < PIECE_COUNT; i++)
		if (open_piece(compiler.architecture, piece_kinds[i].by_default,
		               &compiler.pieces[i], err) < 0)
			return -1;
	if (add_everything(&compiler, err) < 0 || print_all(&compiler, name, program, out, err) < 0)
		return -1;
	return buffer_failed(out) ? error_memory(err) : 0;
}
