/* Theory of operation: each file of policies/ has a row in `files` below, with the keys that it may
 * hold and the function that turns it into C. Most files are lists of one of three shapes (paths
 * with a reason, words, settings), which `sections` names. */
#include "generate/tables.h"

#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"
#include "generate/emit.h"
#include "policy/effect.h"

#include <string.h>

/* --- Lists of paths, words and settings ------------------------------------------------------ */

enum path_shape {
	PATH_ANCHORED, /* begins with / or ~ */
	PATH_RELATIVE, /* begins with neither */
	PATH_NAME,     /* one component */
};

static bool has_odd_component(const char *path)
{
	while (*path) {
		size_t size = strcspn(path, "/");

		if (size == 0 || (size == 1 && path[0] == '.') ||
		    (size == 2 && strncmp(path, "..", 2) == 0))
			return true;
		path += size;
		if (path[0] == '/' && path[1] == '\0')
			return true;
		path += path[0] == '/';
	}
	return false;
}

static int expect_path(const struct source *source, const struct yaml_tree *node,
                       enum path_shape shape, struct error *err)
{
	const char *path = node->value;
	bool home = path[0] == '~' && (path[1] == '/' || path[1] == '\0');
	bool anchored = path[0] == '/' || home;

	if (strpbrk(path, "*?[{"))
		return source_error(source, node, err, "`%s` must not hold a pattern", path);
	if (shape == PATH_ANCHORED && !anchored)
		return source_error(source, node, err, "`%s` must begin with / or ~/", path);
	if (shape != PATH_ANCHORED && (anchored || path[0] == '\0'))
		return source_error(source, node, err, "`%s` must be a relative path", path);
	if (shape == PATH_NAME && strchr(path, '/'))
		return source_error(source, node, err, "`%s` must be one name", path);
	if (has_odd_component(path[0] == '/' ? path + 1 : path))
		return source_error(source, node, err,
		                    "`%s` must not hold empty, `.` or `..` components", path);
	return 0;
}

static int emit_paths(const struct source *source, const struct yaml_tree *mapping,
                      const char *table, enum path_shape shape, struct buffer *out,
                      struct error *err)
{
	buffer_printf(out, "const struct table_path %s[] = {\n", table);
	for (size_t i = 0; i < mapping->count; i += 2) {
		const struct yaml_tree *key = mapping->items[i], *help = mapping->items[i + 1];

		if (expect_path(source, key, shape, err) < 0 ||
		    source_expect(source, help, YAML_TREE_SCALAR, "the reason", err) < 0)
			return -1;
		if (!help->value[0])
			return source_error(source, key, err, "`%s` needs a reason", key->value);
		buffer_append_text(out, "\t{");
		emit_literal(out, key->value);
		buffer_append_text(out, ", ");
		emit_literal(out, help->value);
		/* The origin that a refusal names, ready made: a launch has hundreds of rules. */
		cleanup_free char *because =
		        text_printf("%s:%zu %s", path_name(source->path), key->line, key->value);
		if (!because)
			return error_memory(err);
		buffer_printf(out, ", %zu, ", key->line);
		emit_literal(out, because);
		bool capitals = strpbrk(key->value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != NULL;
		buffer_printf(out, ", %s},\n", capitals ? "true" : "false");
	}
	buffer_append_text(out, "};\n");
	emit_count(out, table);
	return 0;
}

static int emit_words(const struct source *source, const struct yaml_tree *sequence,
                      const char *table, struct buffer *out, struct error *err)
{
	if (source_expect_words(source, sequence, err) < 0)
		return -1;
	buffer_printf(out, "const struct table_word %s[] = {\n", table);
	for (size_t i = 0; i < sequence->count; i++) {
		buffer_append_text(out, "\t{");
		emit_literal(out, sequence->items[i]->value);
		buffer_printf(out, ", %zu},\n", sequence->items[i]->line);
	}
	buffer_append_text(out, "};\n");
	emit_count(out, table);
	return 0;
}

static int emit_settings(const struct source *source, const struct yaml_tree *mapping,
                         const char *table, struct buffer *out, struct error *err)
{
	buffer_printf(out, "const struct table_setting %s[] = {\n", table);
	for (size_t i = 0; i < mapping->count; i += 2) {
		const struct yaml_tree *key = mapping->items[i], *value = mapping->items[i + 1];

		if (source_expect(source, value, YAML_TREE_SCALAR, key->value, err) < 0)
			return -1;
		buffer_append_text(out, "\t{");
		emit_literal(out, key->value);
		buffer_append_text(out, ", ");
		emit_literal(out, value->value);
		buffer_printf(out, ", %zu},\n", key->line);
	}
	buffer_append_text(out, "};\n");
	emit_count(out, table);
	return 0;
}

/* --- modes.yaml ------------------------------------------------------------------------------ */

static const char *const verdict_constants[] = {
        [VERDICT_DENY] = "VERDICT_DENY",
        [VERDICT_ASK] = "VERDICT_ASK",
        [VERDICT_ALLOW] = "VERDICT_ALLOW",
};

static const struct mode_cell {
	const char *key;
	const char *member;
} mode_cells[] = {
        {"read", ".effects[EFFECT_READ]"},         {"write", ".effects[EFFECT_WRITE]"},
        {"exec", ".effects[EFFECT_EXEC]"},         {"connect", ".effects[EFFECT_CONNECT]"},
        {"delegate", ".effects[EFFECT_DELEGATE]"}, {"write_protected", ".write_protected"},
};

static const struct mode_cell *find_cell(const char *key)
{
	for (size_t i = 0; i < sizeof(mode_cells) / sizeof(mode_cells[0]); i++)
		if (strcmp(mode_cells[i].key, key) == 0)
			return &mode_cells[i];
	return NULL;
}

static int emit_mode(const struct source *source, const struct yaml_tree *name,
                     const struct yaml_tree *mode, struct buffer *out, struct error *err)
{
	if (source_expect(source, mode, YAML_TREE_MAPPING, name->value, err) < 0)
		return -1;
	if (mode->count != 2 * sizeof(mode_cells) / sizeof(mode_cells[0]))
		return source_error(source, name, err, "`%s` must say every effect once",
		                    name->value);
	buffer_append_text(out, "\t{\n\t\t.name = ");
	emit_literal(out, name->value);
	for (size_t i = 0; i < mode->count; i += 2) {
		const struct yaml_tree *key = mode->items[i], *value = mode->items[i + 1];
		const struct mode_cell *cell = find_cell(key->value);
		enum verdict verdict;

		if (!cell)
			return source_error(source, key, err, "`%s` is no effect", key->value);
		if (value->kind != YAML_TREE_SCALAR ||
		    verdict_from_name(value->value, &verdict) < 0)
			return source_error(source, value, err, "must be deny, ask or allow");
		buffer_printf(out, ",\n\t\t%s = %s", cell->member, verdict_constants[verdict]);
	}
	buffer_printf(out, ",\n\t\t.line = %zu,\n\t},\n", name->line);
	return 0;
}

static int emit_mode_name(const struct source *source, const struct yaml_tree *name,
                          const char *constant, struct buffer *out, struct error *err)
{
	if (source_expect(source, name, YAML_TREE_SCALAR, "a mode's name", err) < 0)
		return -1;
	if (!yaml_tree_get(yaml_tree_get(source->root, "modes"), name->value))
		return source_error(source, name, err, "`%s` is no mode of this file", name->value);
	buffer_printf(out, "const char %s[] = ", constant);
	emit_literal(out, name->value);
	buffer_append_text(out, ";\n");
	return 0;
}

static int modes_generate(const struct source *source, struct buffer *out, struct error *err)
{
	static const struct source_key absent_keys[] = {
	        {"writes", YAML_TREE_SCALAR, true},
	        {"default", YAML_TREE_SCALAR, true},
	};
	const struct yaml_tree *modes = yaml_tree_get(source->root, "modes");
	const struct yaml_tree *absent = yaml_tree_get(source->root, "absent");
	const struct yaml_tree *most = yaml_tree_get(source->root, "untrusted_max");

	buffer_append_text(out, "const struct table_mode table_modes[] = {\n");
	for (size_t i = 0; i < modes->count; i += 2)
		if (emit_mode(source, modes->items[i], modes->items[i + 1], out, err) < 0)
			return -1;
	buffer_append_text(out, "};\n");
	emit_count(out, "table_modes");
	if (source_expect_keys(source, absent, absent_keys, 2, err) < 0 ||
	    emit_mode_name(source, yaml_tree_get(absent, "writes"), "table_mode_absent_writes", out,
	                   err) < 0 ||
	    emit_mode_name(source, yaml_tree_get(absent, "default"), "table_mode_absent_default",
	                   out, err) < 0)
		return -1;
	return emit_mode_name(source, most, "table_mode_untrusted_max", out, err);
}

/* --- limits.yaml ----------------------------------------------------------------------------- */

static const struct source_key limit_keys[] = {
        {"unit", YAML_TREE_SCALAR, true},
        {"default", YAML_TREE_SCALAR, true},
        {"help", YAML_TREE_SCALAR, true},
};

static bool is_unit(const char *word)
{
	static const char *const units[] = {"count", "bytes", "seconds"};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(units[i], word) == 0)
			return true;
	return false;
}

/* A number of at most twelve digits, or a share from 1% to 100%. */
static bool is_amount(const char *word)
{
	size_t digits = strspn(word, "0123456789");
	bool percent = strcmp(word + digits, "%") == 0;

	if (digits == 0 || digits > 12 || word[0] == '0')
		return false;
	if (percent)
		return digits < 3 || strcmp(word, "100%") == 0;
	return word[digits] == '\0';
}

static int emit_limit(const struct source *source, const struct yaml_tree *name,
                      const struct yaml_tree *limit, struct buffer *out, struct error *err)
{
	if (source_expect(source, limit, YAML_TREE_MAPPING, name->value, err) < 0 ||
	    source_expect_keys(source, limit, limit_keys, 3, err) < 0)
		return -1;
	const struct yaml_tree *unit = yaml_tree_get(limit, "unit");
	const struct yaml_tree *value = yaml_tree_get(limit, "default");
	bool none = strcmp(value->value, "none") == 0;

	if (!is_unit(unit->value))
		return source_error(source, unit, err, "must be count, bytes or seconds");
	if (!none && !is_amount(value->value))
		return source_error(source, value, err, "must be none, a number or a percentage");
	buffer_append_text(out, "\t{");
	emit_literal(out, name->value);
	buffer_append_text(out, ", ");
	emit_literal(out, unit->value);
	buffer_append_text(out, ", ");
	emit_literal(out, none ? "" : value->value);
	buffer_append_text(out, ", ");
	emit_literal(out, yaml_tree_get(limit, "help")->value);
	buffer_printf(out, ", %zu},\n", name->line);
	return 0;
}

static int limits_generate(const struct source *source, struct buffer *out, struct error *err)
{
	const struct yaml_tree *limits = yaml_tree_get(source->root, "limits");

	buffer_append_text(out, "const struct table_limit table_limits[] = {\n");
	for (size_t i = 0; i < limits->count; i += 2)
		if (emit_limit(source, limits->items[i], limits->items[i + 1], out, err) < 0)
			return -1;
	buffer_append_text(out, "};\n");
	emit_count(out, "table_limits");
	return 0;
}

/* --- git-config.yaml ------------------------------------------------------------------------- */

static const struct git_shape {
	const char *key;
	const char *constant;
} git_shapes[] = {
        {"boolean", "TABLE_GIT_BOOLEAN"},     {"number", "TABLE_GIT_NUMBER"},
        {"word", "TABLE_GIT_WORD"},           {"text", "TABLE_GIT_TEXT"},
        {"reference", "TABLE_GIT_REFERENCE"}, {"remote", "TABLE_GIT_REMOTE"},
        {"tags", "TABLE_GIT_TAGS"},           {"update", "TABLE_GIT_UPDATE"},
        {"worktree", "TABLE_GIT_WORKTREE"},
};

/* `section.key`, `section.*.key`, `section.*` or `section.*.*`, in lower case. */
static bool is_git_key(const char *name)
{
	static const char characters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t parts = 1;
	size_t size = strspn(name, characters);

	if (size == 0)
		return false;
	for (name += size; *name == '.'; name += size, parts++) {
		name++;
		size = *name == '*' ? 1 : strspn(name, characters);
		/* A subsection is always any: which names there are is not git's to say. */
		if (size == 0 || (parts == 1 && *name != '*' && name[size] == '.'))
			return false;
	}
	return *name == '\0' && (parts == 2 || parts == 3);
}

static int expect_once(const struct source *source, const struct yaml_tree *key, struct error *err)
{
	for (size_t i = 0; i < sizeof(git_shapes) / sizeof(git_shapes[0]); i++) {
		const struct yaml_tree *section = yaml_tree_get(source->root, git_shapes[i].key);
		for (size_t k = 0; k < section->count; k += 2)
			if (section->items[k] != key &&
			    strcmp(section->items[k]->value, key->value) == 0)
				return source_error(source, key, err, "`%s` stands in two places",
				                    key->value);
	}
	return 0;
}

static int emit_git_key(const struct source *source, const struct git_shape *shape,
                        const struct yaml_tree *key, const struct yaml_tree *help,
                        struct buffer *out, struct error *err)
{
	if (source_expect(source, help, YAML_TREE_SCALAR, "the reason", err) < 0 ||
	    expect_once(source, key, err) < 0)
		return -1;
	if (!is_git_key(key->value))
		return source_error(source, key, err, "`%s` is no variable of git", key->value);
	if (!help->value[0])
		return source_error(source, key, err, "`%s` needs a reason", key->value);
	buffer_append_text(out, "\t{");
	emit_literal(out, key->value);
	buffer_append_text(out, ", ");
	emit_literal(out, help->value);
	buffer_printf(out, ", %s, %zu},\n", shape->constant, key->line);
	return 0;
}

static int git_generate(const struct source *source, struct buffer *out, struct error *err)
{
	buffer_append_text(out, "const struct table_git_key table_git_keys[] = {\n");
	for (size_t i = 0; i < sizeof(git_shapes) / sizeof(git_shapes[0]); i++) {
		const struct yaml_tree *section = yaml_tree_get(source->root, git_shapes[i].key);
		for (size_t k = 0; k < section->count; k += 2)
			if (emit_git_key(source, &git_shapes[i], section->items[k],
			                 section->items[k + 1], out, err) < 0)
				return -1;
	}
	buffer_append_text(out, "};\n");
	emit_count(out, "table_git_keys");
	return 0;
}

/* --- Files ----------------------------------------------------------------------------------- */

static int sections_generate(const struct source *source, struct buffer *out, struct error *err);

static const struct source_key tree_keys[] = {
        {"system", YAML_TREE_MAPPING, true},      {"scratch", YAML_TREE_MAPPING, true},
        {"home", YAML_TREE_MAPPING, true},        {"proc", YAML_TREE_MAPPING, true},
        {"proc-masked", YAML_TREE_MAPPING, true}, {"devices", YAML_TREE_MAPPING, true},
};
static const struct source_key secret_keys[] = {{"secrets", YAML_TREE_MAPPING, true}};
static const struct source_key protected_keys[] = {
        {"git", YAML_TREE_MAPPING, true},
        {"root", YAML_TREE_MAPPING, true},
        {"never", YAML_TREE_MAPPING, true},
};
static const struct source_key environment_keys[] = {
        {"keep", YAML_TREE_SEQUENCE, true},
        {"secret_values", YAML_TREE_SEQUENCE, true},
        {"offline", YAML_TREE_MAPPING, true},
};
static const struct source_key agent_keys[] = {{"programs", YAML_TREE_SEQUENCE, true}};
static const struct source_key limits_keys[] = {{"limits", YAML_TREE_MAPPING, true}};
static const struct source_key git_keys[] = {
        {"boolean", YAML_TREE_MAPPING, true},   {"number", YAML_TREE_MAPPING, true},
        {"word", YAML_TREE_MAPPING, true},      {"text", YAML_TREE_MAPPING, true},
        {"reference", YAML_TREE_MAPPING, true}, {"remote", YAML_TREE_MAPPING, true},
        {"tags", YAML_TREE_MAPPING, true},      {"update", YAML_TREE_MAPPING, true},
        {"worktree", YAML_TREE_MAPPING, true},
};
static const struct source_key modes_keys[] = {
        {"absent", YAML_TREE_MAPPING, true},
        {"untrusted_max", YAML_TREE_SCALAR, true},
        {"modes", YAML_TREE_MAPPING, true},
};

typedef int generate_function(const struct source *source, struct buffer *out, struct error *err);

/* `keys` is NULL for a file that is only carried as text: its own generator checks it. */
static const struct policy_file {
	const char *name;
	const struct source_key *keys;
	const size_t *key_count;
	generate_function *generate;
} files[] = {
#define KEYS(array)                              \
	array, &(const size_t)                   \
	{                                        \
		sizeof(array) / sizeof(array[0]) \
	}
        {"tools.yaml", tools_keys, &tools_key_count, tools_generate},
        {"modes.yaml", KEYS(modes_keys), modes_generate},
        {"trees.yaml", KEYS(tree_keys), sections_generate},
        {"secrets.yaml", KEYS(secret_keys), sections_generate},
        {"protected.yaml", KEYS(protected_keys), sections_generate},
        {"git-config.yaml", KEYS(git_keys), git_generate},
        {"environment.yaml", KEYS(environment_keys), sections_generate},
        {"agents.yaml", KEYS(agent_keys), sections_generate},
        {"limits.yaml", KEYS(limits_keys), limits_generate},
        {"syscalls.yaml", NULL, NULL, NULL},
        {"supervisor.yaml", NULL, NULL, NULL},
        {"broker.yaml", NULL, NULL, NULL},
        {"relay.yaml", NULL, NULL, NULL},
        {"resolver.yaml", NULL, NULL, NULL},
#undef KEYS
};

enum section_shape {
	SECTION_PATHS,
	SECTION_WORDS,
	SECTION_SETTINGS,
};

static const struct section {
	const char *key;
	const char *table;
	enum section_shape shape;
	enum path_shape path;
} sections[] = {
        {"system", "table_trees_system", SECTION_PATHS, PATH_ANCHORED},
        {"scratch", "table_trees_scratch", SECTION_PATHS, PATH_ANCHORED},
        {"home", "table_trees_home", SECTION_PATHS, PATH_ANCHORED},
        {"proc", "table_trees_proc", SECTION_PATHS, PATH_RELATIVE},
        {"proc-masked", "table_trees_proc_masked", SECTION_PATHS, PATH_RELATIVE},
        {"devices", "table_trees_devices", SECTION_PATHS, PATH_NAME},
        {"secrets", "table_secrets", SECTION_PATHS, PATH_ANCHORED},
        {"git", "table_protected_git", SECTION_PATHS, PATH_RELATIVE},
        {"root", "table_protected_root", SECTION_PATHS, PATH_RELATIVE},
        {"never", "table_protected_never", SECTION_PATHS, PATH_NAME},
        {"keep", "table_environment_keep", SECTION_WORDS, 0},
        {"secret_values", "table_environment_secret_values", SECTION_WORDS, 0},
        {"offline", "table_environment_offline", SECTION_SETTINGS, 0},
        {"programs", "table_agent_programs", SECTION_WORDS, 0},
};

static int emit_section(const struct source *source, const struct section *section,
                        struct buffer *out, struct error *err)
{
	const struct yaml_tree *node = yaml_tree_get(source->root, section->key);

	if (!node)
		return 0;
	switch (section->shape) {
	case SECTION_PATHS:
		return emit_paths(source, node, section->table, section->path, out, err);
	case SECTION_WORDS:
		return emit_words(source, node, section->table, out, err);
	case SECTION_SETTINGS:
		return emit_settings(source, node, section->table, out, err);
	}
	return error_set(err, "section %s has no shape", section->key);
}

static int sections_generate(const struct source *source, struct buffer *out, struct error *err)
{
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (emit_section(source, &sections[i], out, err) < 0)
			return -1;
	return 0;
}

static int generate_file(const char *folder, const struct policy_file *file, struct buffer *out,
                         struct buffer *texts, struct error *err)
{
	cleanup_source struct source source = {0};
	cleanup_free char *path = text_printf("%s/%s", folder, file->name);

	if (!path)
		return error_memory(err);
	if (file->keys) {
		if (source_load(path, file->keys, *file->key_count, &source, err) < 0 ||
		    file->generate(&source, out, err) < 0)
			return -1;
	} else if (source_read(path, &source, err) < 0) {
		return -1;
	}
	buffer_append_text(texts, "\t{");
	emit_literal(texts, file->name);
	buffer_append_text(texts, ", ");
	emit_text(texts, source.text.data);
	buffer_append_text(texts, "},\n");
	return 0;
}

int tables_generate(const char *folder, struct buffer *out, struct error *err)
{
	cleanup_buffer struct buffer texts = {0};

	buffer_append_text(out, "/* Made from policies/ during the build: change those files. */\n"
	                        "#include \"policy/tables.h\"\n\n");
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (generate_file(folder, &files[i], out, &texts, err) < 0)
			return -1;
	buffer_append_text(out, "\nconst struct table_file table_files[] = {\n");
	buffer_append_text(out, texts.data);
	buffer_append_text(out, "};\n");
	emit_count(out, "table_files");
	return buffer_failed(out) || buffer_failed(&texts) ? error_memory(err) : 0;
}
