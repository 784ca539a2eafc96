#include "agent/rule.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <string.h>

static const char rule_help[] =
        "an entry is a tool's name, or a name with a pattern as in `Edit(src/**)`";

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

static void trim(const char **text, size_t *size)
{
	while (*size && is_blank((*text)[0])) {
		(*text)++;
		(*size)--;
	}
	while (*size && is_blank((*text)[*size - 1]))
		(*size)--;
}

static int refuse(const struct reading *reading, size_t line, const char *text, size_t size,
                  const char *reason)
{
	report_error(reading, line, "`%s` %s", excerpt_of_size(text, size).text, reason);
	return error_help(reading->err, "%s", rule_help);
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Names of tools as harnesses and servers make them. A leading `!`, `-` or `~` would read as a
 * negation, quotes and brackets as a list within the name; letters beyond ASCII can look like
 * others. */
static bool is_name(const char *text, size_t size)
{
	if (!is_letter(text[0]) && !is_digit(text[0]) && !strchr("_*@", text[0]))
		return false;
	for (size_t i = 0; i < size; i++) {
		if (!is_letter(text[i]) && !is_digit(text[i]) && !strchr("_*@-./:+?", text[i]))
			return false;
	}
	return true;
}

static int append(const struct reading *reading, struct agent_rules *rules, const char *name,
                  size_t name_size, const char *specifier, size_t specifier_size, size_t line)
{
	if (rules->count >= RULES_LIMIT) {
		report_error(reading, line, "more than %d tools in one list", RULES_LIMIT);
		return error_help(reading->err, "name fewer tools, or write `*` for every tool");
	}

	void *items = rules->items;
	int result = array_reserve(&items, &rules->capacity, rules->count, sizeof(*rules->items));
	rules->items = items;
	if (result < 0)
		return error_memory(reading->err);

	cleanup_free char *name_copy = text_copy_size(name, name_size);
	cleanup_free char *specifier_copy =
	        specifier ? text_copy_size(specifier, specifier_size) : NULL;
	if (!name_copy || (specifier && !specifier_copy))
		return error_memory(reading->err);
	rules->items[rules->count++] = (struct agent_rule){
	        .name = steal_pointer(&name_copy),
	        .specifier = steal_pointer(&specifier_copy),
	        .line = line,
	};
	return 0;
}

/* The offset of the parenthesis that closes the one at `open`; `size` where none does. */
static size_t find_close(const char *text, size_t size, size_t open)
{
	size_t depth = 0;

	for (size_t i = open; i < size; i++) {
		if (text[i] == '(')
			depth++;
		else if (text[i] == ')' && --depth == 0)
			return i;
	}
	return size;
}

/* Checks the specifier between `open` and the end of the entry. NULL where it is well, else what is
 * wrong with it. */
static const char *specifier_problem(const char *text, size_t size, size_t open)
{
	size_t close = find_close(text, size, open);
	const char *specifier = text + open + 1;

	if (close == size)
		return "has a parenthesis that is not closed";
	if (close != size - 1)
		return "goes on behind its closing parenthesis";

	size_t specifier_size = close - open - 1;
	size_t trimmed = specifier_size;
	trim(&specifier, &trimmed);
	if (trimmed == 0)
		return "has nothing between its parentheses";
	if (trimmed != specifier_size)
		return "has white space at the edge of its parentheses";
	return NULL;
}

int rule_append(const struct reading *reading, const char *text, size_t size, size_t line,
                struct agent_rules *rules)
{
	trim(&text, &size);
	if (size == 0)
		return refuse(reading, line, text, size, "is an empty entry");
	if (size > RULE_SIZE_LIMIT)
		return refuse(reading, line, text, size, "is longer than 4096 bytes");
	if (!text_is_visible(text, size))
		return refuse(reading, line, text, size,
		              "holds control or invisible characters, or is not UTF-8");

	const char *parenthesis = memchr(text, '(', size);
	size_t name_size = parenthesis ? (size_t)(parenthesis - text) : size;
	if (!parenthesis && memchr(text, ')', size))
		return refuse(reading, line, text, size, "closes a parenthesis that is not open");
	if (name_size == 0 || !is_name(text, name_size))
		return refuse(reading, line, text, size, "is no name of a tool");
	if (!parenthesis)
		return append(reading, rules, text, size, NULL, 0, line);

	const char *problem = specifier_problem(text, size, name_size);
	if (problem)
		return refuse(reading, line, text, size, problem);
	if (memchr(text, '*', name_size) && name_size == 1)
		return refuse(reading, line, text, size, "narrows every tool at once");
	return append(reading, rules, text, name_size, text + name_size + 1, size - name_size - 2,
	              line);
}

int rule_next_piece(const struct reading *reading, size_t line, const char *text, size_t size,
                    const char *separators, size_t *place, const char **piece, size_t *piece_size)
{
	size_t begin = *place;
	size_t end = begin;
	size_t depth = 0;

	if (begin >= size)
		return 0;
	for (; end < size && (depth || !strchr(separators, text[end])); end++) {
		if (text[end] == '(')
			depth++;
		else if (text[end] == ')' && depth-- == 0)
			return refuse(reading, line, text + begin, size - begin,
			              "closes a parenthesis that is not open");
	}
	if (depth)
		return refuse(reading, line, text + begin, size - begin,
		              "has a parenthesis that is not closed");
	*place = end + 1;
	*piece = text + begin;
	*piece_size = end - begin;
	trim(piece, piece_size);
	return 1;
}

void rules_free(struct agent_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		free(rules->items[i].name);
		free(rules->items[i].specifier);
	}
	free(rules->items);
	*rules = (struct agent_rules){0};
}
