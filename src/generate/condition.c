#include "generate/condition.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	ALTERNATIVES = 16,
};

/* What one parameter must be: (argument & masks[i]) == values[i] for one i. */
struct test {
	unsigned argument;
	size_t count;
	uint32_t masks[ALTERNATIVES];
	uint32_t values[ALTERNATIVES];
};

static int read_number(const struct source *source, const struct yaml_tree *node, uint32_t *out,
                       struct error *err)
{
	const struct yaml_tree *constants = yaml_tree_get(source->root, "constants");
	const struct yaml_tree *text = node;
	char *end;

	if (source_expect(source, node, YAML_TREE_SCALAR, "a value", err) < 0)
		return -1;
	if (constants && yaml_tree_get(constants, node->value))
		text = yaml_tree_get(constants, node->value);
	if (source_expect(source, text, YAML_TREE_SCALAR, "a constant", err) < 0)
		return -1;
	errno = 0;
	unsigned long long number = strtoull(text->value, &end, 0);
	if (text->value[0] < '0' || text->value[0] > '9' || *end || errno || number > UINT32_MAX)
		return source_error(source, text, err,
		                    "`%s` is neither a number of 32 bits nor one of `constants`",
		                    text->value);
	*out = (uint32_t)number;
	return 0;
}

static int add_alternative(const struct source *source, const struct yaml_tree *node, uint32_t mask,
                           struct test *test, struct error *err)
{
	uint32_t value = 0;

	if (read_number(source, node, &value, err) < 0)
		return -1;
	if (test->count == ALTERNATIVES)
		return source_error(source, node, err, "more than %d alternatives", ALTERNATIVES);
	if (value & ~mask)
		return source_error(source, node, err, "has bits outside of the mask");
	test->masks[test->count] = mask;
	test->values[test->count++] = value;
	return 0;
}

/* One value, or a list of values. */
static int add_alternatives(const struct source *source, const struct yaml_tree *node,
                            uint32_t mask, struct test *test, struct error *err)
{
	if (node->kind != YAML_TREE_SEQUENCE)
		return add_alternative(source, node, mask, test, err);
	if (source_expect_words(source, node, err) < 0)
		return -1;
	if (node->count == 0)
		return source_error(source, node, err, "an empty list never holds");
	for (size_t i = 0; i < node->count; i++)
		if (add_alternative(source, node->items[i], mask, test, err) < 0)
			return -1;
	return 0;
}

/* None of several bits: one comparison, against all of them at once. */
static int add_no_bits(const struct source *source, const struct yaml_tree *bits, struct test *test,
                       struct error *err)
{
	struct test single = {0};

	if (add_alternatives(source, bits, UINT32_MAX, &single, err) < 0)
		return -1;
	for (size_t i = 0; i < single.count; i++) {
		if (__builtin_popcount(single.values[i]) != 1)
			return source_error(source, bits, err, "`none` takes single bits");
		test->masks[0] |= single.values[i];
	}
	test->count = 1;
	return 0;
}

/* Any of several bits: one comparison each. */
static int add_any_bit(const struct source *source, const struct yaml_tree *bits, struct test *test,
                       struct error *err)
{
	if (add_alternatives(source, bits, UINT32_MAX, test, err) < 0)
		return -1;
	for (size_t i = 0; i < test->count; i++) {
		if (__builtin_popcount(test->values[i]) != 1)
			return source_error(source, bits, err, "`any` takes single bits");
		test->masks[i] = test->values[i];
	}
	return 0;
}

static int read_mapping(const struct source *source, const struct yaml_tree *node,
                        struct test *test, struct error *err)
{
	const struct yaml_tree *any = yaml_tree_get(node, "any");
	const struct yaml_tree *none = yaml_tree_get(node, "none");
	const struct yaml_tree *mask = yaml_tree_get(node, "mask");
	const struct yaml_tree *is = yaml_tree_get(node, "is");
	uint32_t bits = 0;

	if (none && none->kind == YAML_TREE_SEQUENCE && node->count == 2)
		return add_no_bits(source, none, test, err);
	if (any && any->kind == YAML_TREE_SEQUENCE && node->count == 2)
		return add_any_bit(source, any, test, err);
	if (!mask || !is || node->count != 4)
		return source_error(
		        source, node, err,
		        "a test is {none: [...]}, {any: [...]} or {mask: ..., is: ...}");
	if (read_number(source, mask, &bits, err) < 0)
		return -1;
	return add_alternatives(source, is, bits, test, err);
}

static int read_test(const struct source *source, const struct yaml_tree *parameters,
                     const struct yaml_tree *name, const struct yaml_tree *node, struct test *test,
                     struct error *err)
{
	*test = (struct test){0};
	while (test->argument < parameters->count &&
	       strcmp(parameters->items[test->argument]->value, name->value) != 0)
		test->argument++;
	if (test->argument == parameters->count)
		return source_error(source, name, err, "`%s` is not among `parameters`",
		                    name->value);
	if (node->kind == YAML_TREE_MAPPING)
		return read_mapping(source, node, test, err);
	return add_alternatives(source, node, UINT32_MAX, test, err);
}

struct expansion {
	struct test tests[CONDITION_ARGUMENTS];
	unsigned count;
	condition_visit *visit;
	void *context;
};

static int expand(const struct expansion *expansion, unsigned depth,
                  struct scmp_arg_cmp *comparisons, struct error *err)
{
	if (depth == expansion->count)
		return expansion->visit(expansion->context, comparisons, depth, err);
	const struct test *test = &expansion->tests[depth];
	for (size_t i = 0; i < test->count; i++) {
		comparisons[depth] = (struct scmp_arg_cmp){
		        .arg = test->argument,
		        .op = SCMP_CMP_MASKED_EQ,
		        .datum_a = test->masks[i],
		        .datum_b = test->values[i],
		};
		if (expand(expansion, depth + 1, comparisons, err) < 0)
			return -1;
	}
	return 0;
}

int condition_expand(const struct source *source, const struct yaml_tree *parameters,
                     const struct yaml_tree *rule, condition_visit *visit, void *context,
                     struct error *err)
{
	struct expansion expansion = {.visit = visit, .context = context};
	struct scmp_arg_cmp comparisons[CONDITION_ARGUMENTS];

	if (source_expect(source, rule, YAML_TREE_MAPPING, "a rule", err) < 0 ||
	    source_expect_words(source, parameters, err) < 0)
		return -1;
	if (parameters->count > CONDITION_ARGUMENTS)
		return source_error(source, parameters, err, "a call has at most %d arguments",
		                    CONDITION_ARGUMENTS);
	if (rule->count == 0)
		return source_error(source, rule, err, "a rule needs a test");
	for (size_t i = 0; i < rule->count; i += 2) {
		if (read_test(source, parameters, rule->items[i], rule->items[i + 1],
		              &expansion.tests[expansion.count], err) < 0)
			return -1;
		expansion.count++;
	}
	return expand(&expansion, 0, comparisons, err);
}
