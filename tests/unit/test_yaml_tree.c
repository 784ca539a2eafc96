/* The tree of a YAML document: what it holds, where it stood, what is refused. */
#include "base/buffer.h"
#include "base/yaml_tree.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* A tree as one line: scalars as plain text or 'quoted', [..], {..}, *alias; `!` tag, `&` anchor;
 * @line:column behind each scalar. */
static void print_tree(struct buffer *out, const struct yaml_tree *node)
{
	buffer_append_text(out, node->tagged ? "!" : "");
	buffer_append_text(out, node->anchored ? "&" : "");
	if (node->kind == YAML_TREE_SCALAR) {
		const char *quote = node->plain ? "" : "'";
		buffer_printf(out, "%s%s%s@%zu:%zu", quote, node->value, quote, node->line,
		              node->column);
	} else if (node->kind == YAML_TREE_ALIAS) {
		buffer_printf(out, "*%s", node->value);
	} else {
		bool mapping = node->kind == YAML_TREE_MAPPING;
		buffer_append_text(out, mapping ? "{" : "[");
		for (size_t i = 0; i < node->count; i++) {
			buffer_append_text(out, i ? "," : "");
			print_tree(out, node->items[i]);
		}
		buffer_append_text(out, mapping ? "}" : "]");
	}
}

struct tree_case {
	const char *text;
	const char *tree; /* NULL: no document */
};

static const struct tree_case tree_cases[] = {
        {"", NULL},
        {"# only a comment\n", NULL},
        {"word\n", "word@7:1"},
        {"a: 1\nb: 'x y'\n", "{a@7:1,1@7:4,b@8:1,'x y'@8:4}"},
        {"a:\n- x # why\n- [y, \"z\"]\n", "{a@7:1,[x@8:3,[y@9:4,'z'@9:7]]}"},
        {"a: |\n  text\nb: >\n  more\n", "{a@7:1,'text\n'@7:4,b@9:1,'more\n'@9:4}"},
        {"a: &n x\nb: *n\n<<: *n\n", "{a@7:1,&x@7:4,b@8:1,*n,<<@9:1,*n}"},
        {"a: !!bool true\nb: !x [1]\n", "{a@7:1,!true@7:4,b@8:1,![1@8:8]}"},
        {"a:\n", "{a@7:1,@7:3}"},
        {"\xC3\xA9: \xE2\x82\xAC, x: y\n", NULL},
        {"{\xC3\xA9: \xE2\x82\xAC, x: y}\n", "{\xC3\xA9@7:2,\xE2\x82\xAC@7:5,x@7:8,y@7:11}"},
        {"---\na: b\n", "{a@8:1,b@8:4}"},
        {"a: b\r\nc: d\r\n", "{a@7:1,b@7:4,c@8:1,d@8:4}"},
};

START_TEST(builds_tree)
{
	const struct tree_case *row = &tree_cases[_i];
	cleanup_yaml_tree struct yaml_tree *root = NULL;
	cleanup_error struct error err = {0};
	cleanup_buffer struct buffer out = {0};
	bool broken = strstr(row->text, ", x: y\n") && row->text[0] != '{';
	int result = yaml_tree_parse(row->text, strlen(row->text), 7, &root, NULL, NULL, &err);

	ck_assert_int_eq(result, broken ? -1 : 0);
	if (!row->tree) {
		ck_assert_ptr_null(root);
		return;
	}
	ck_assert_ptr_nonnull(root);
	print_tree(&out, root);
	ck_assert_str_eq(out.data, row->tree);
}
END_TEST

struct failure_case {
	const char *text;
	size_t size; /* 0: up to the NUL */
	size_t line;
	size_t column;
	const char *message;
};

static const struct failure_case failure_cases[] = {
        {"a: b: c\n", 0, 7, 5, "mapping values are not allowed"},
        {"a: b\nc: [d\n", 0, 9, 1, "did not find expected"},
        {"a: b\0\nc: d\n", 11, 7, 5, "NUL byte"},
        {"a: b\nc: \"\\0\"\n", 0, 8, 4, "escaped NUL"},
        {"a: b\nc: \xFF\n", 0, 8, 4, "UTF-8"},
        {"a: b\nc: \xC0\x80\n", 0, 8, 4, "UTF-8"},
        {"\xFF\xFE"
         "a\0:\0 \0b\0",
         10, 7, 4, "NUL byte"},
        {"a: b\n---\nc: d\n", 0, 8, 1, "second document"},
        {"a: b\n...\nc: d\n", 0, 9, 1, "expected <document start>"},
        {"a: b\xE2\x80\xA8"
         "c: d\n",
         0, 7, 5, "Unicode line separator"},
        {"a: b\xC2\x85"
         "c: d\n",
         0, 7, 5, "Unicode line separator"},
        {"a: b\rc: d\n", 0, 7, 5, "carriage return"},
        {"a: \x1B\n", 0, 7, 4, "control characters"},
};

START_TEST(refuses_with_place)
{
	const struct failure_case *row = &failure_cases[_i];
	cleanup_yaml_tree struct yaml_tree *root = NULL;
	cleanup_error struct error err = {0};
	size_t size = row->size ? row->size : strlen(row->text);
	size_t line = 0;
	size_t column = 0;

	ck_assert_int_lt(yaml_tree_parse(row->text, size, 7, &root, &line, &column, &err), 0);
	ck_assert_ptr_null(root);
	ck_assert_msg(strstr(error_message(&err), row->message) != NULL, "message is: %s",
	              error_message(&err));
	ck_assert_uint_eq(line, row->line);
	ck_assert_uint_eq(column, row->column);
}
END_TEST

/* Parses `count` times `begin`, then `count` times `end`. */
static int parse_repeated(const char *begin, const char *end, size_t count, struct error *err)
{
	cleanup_yaml_tree struct yaml_tree *root = NULL;
	cleanup_buffer struct buffer text = {0};

	for (size_t i = 0; i < count; i++)
		buffer_append_text(&text, begin);
	for (size_t i = 0; i < count; i++)
		buffer_append_text(&text, end);
	return yaml_tree_parse(text.data, text.size, 1, &root, NULL, NULL, err);
}

START_TEST(limits_depth_and_size)
{
	cleanup_error struct error err = {0};

	ck_assert_int_eq(parse_repeated("[", "]", 64, &err), 0);
	ck_assert_int_lt(parse_repeated("[", "]", 65, &err), 0);
	ck_assert_ptr_nonnull(strstr(error_message(&err), "nested too deeply"));
	/* The list itself is a node too. */
	ck_assert_int_eq(parse_repeated("- x\n", "", 99999, &err), 0);
	ck_assert_int_lt(parse_repeated("- x\n", "", 100000, &err), 0);
	ck_assert_ptr_nonnull(strstr(error_message(&err), "too many entries"));
}
END_TEST

static struct yaml_tree *parse(const char *text)
{
	cleanup_error struct error err = {0};
	struct yaml_tree *root = NULL;

	ck_assert_int_eq(yaml_tree_parse(text, strlen(text), 1, &root, NULL, NULL, &err), 0);
	return root;
}

START_TEST(finds_keys)
{
	cleanup_yaml_tree struct yaml_tree *root = parse("a: 1\nb: 2\n? [c]\n: 3\na: 4\n");

	ck_assert_str_eq(yaml_tree_get(root, "a")->value, "1");
	ck_assert_str_eq(yaml_tree_get(root, "b")->value, "2");
	ck_assert_ptr_null(yaml_tree_get(root, "c"));
	ck_assert_ptr_null(yaml_tree_get(root, "A"));
	ck_assert_ptr_null(yaml_tree_get(NULL, "a"));
	ck_assert_ptr_null(yaml_tree_get(yaml_tree_get(root, "a"), "a"));
}
END_TEST

START_TEST(finds_duplicates)
{
	cleanup_yaml_tree struct yaml_tree *twice = parse("z: 1\nb: 2\nz: 3\nb: 4\nz: 5\n");
	cleanup_yaml_tree struct yaml_tree *once = parse("z: 1\nb: 2\nZ: 3\n? [z]\n: 4\n");
	const struct yaml_tree *found = yaml_tree_duplicate_key(twice);

	ck_assert_ptr_nonnull(found);
	ck_assert_str_eq(found->value, "z");
	ck_assert_uint_eq(found->line, 3);
	ck_assert_ptr_null(yaml_tree_duplicate_key(once));
	ck_assert_ptr_null(yaml_tree_duplicate_key(NULL));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("yaml_tree");
	TCase *tree = tcase_create("tree");

	tcase_add_loop_test(tree, builds_tree, 0,
	                    (int)(sizeof(tree_cases) / sizeof(tree_cases[0])));
	tcase_add_loop_test(tree, refuses_with_place, 0,
	                    (int)(sizeof(failure_cases) / sizeof(failure_cases[0])));
	tcase_add_test(tree, limits_depth_and_size);
	tcase_add_test(tree, finds_keys);
	tcase_add_test(tree, finds_duplicates);
	tcase_set_timeout(tree, 60);
	suite_add_tcase(suite, tree);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
