#include "base/yaml_tree.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum {
	DEPTH_LIMIT = 64,
	NODE_LIMIT = 100000,
};

struct place {
	size_t line;
	size_t column;
};

struct reader {
	yaml_parser_t parser;
	const char *text;
	size_t size;
	size_t first_line;
	size_t nodes;
	struct place failure;
	struct error *err;
};

static void event_cleanup(yaml_event_t *event)
{
	yaml_event_delete(event);
}

#define cleanup_event __attribute__((cleanup(event_cleanup)))

static int fail_at(struct reader *reader, struct place place, const char *problem)
{
	reader->failure = place;
	return error_set(reader->err, "%s", problem);
}

static struct place place_of_mark(const struct reader *reader, yaml_mark_t mark)
{
	return (struct place){mark.line + reader->first_line, mark.column + 1};
}

/* The column counts characters: bytes that continue one are not counted. */
static struct place place_of_offset(const struct reader *reader, size_t offset)
{
	struct place place = {reader->first_line, 1};

	for (size_t i = 0; i < offset && i < reader->size; i++) {
		if (reader->text[i] == '\n')
			place = (struct place){place.line + 1, 1};
		else if (((unsigned char)reader->text[i] & 0xC0) != 0x80)
			place.column++;
	}
	return place;
}

static int fail_parser(struct reader *reader)
{
	const yaml_parser_t *parser = &reader->parser;
	const char *problem = parser->problem ? parser->problem : "cannot be read as YAML";

	if (parser->error == YAML_MEMORY_ERROR)
		return error_memory(reader->err);
	if (parser->error == YAML_READER_ERROR)
		return fail_at(reader, place_of_offset(reader, parser->problem_offset), problem);
	return fail_at(reader, place_of_mark(reader, parser->problem_mark), problem);
}

static int next_event(struct reader *reader, yaml_event_t *event)
{
	if (!yaml_parser_parse(&reader->parser, event))
		return fail_parser(reader);
	return 0;
}

/* Line breaks that some readers of YAML know and editors do not show: what stands behind one is on
 * another line for the one and on the same for the other. */
static const char *const hidden_breaks[] = {
        "\xC2\x85",     /* next line */
        "\xE2\x80\xA8", /* line separator */
        "\xE2\x80\xA9", /* paragraph separator */
};

static int refuse_ambiguous_bytes(struct reader *reader)
{
	const char *nul = memchr(reader->text, '\0', reader->size);

	if (nul)
		return fail_at(reader, place_of_offset(reader, (size_t)(nul - reader->text)),
		               "holds a NUL byte");
	for (size_t i = 0; i < sizeof(hidden_breaks) / sizeof(hidden_breaks[0]); i++) {
		const char *found = memmem(reader->text, reader->size, hidden_breaks[i],
		                           strlen(hidden_breaks[i]));
		if (found)
			return fail_at(reader,
			               place_of_offset(reader, (size_t)(found - reader->text)),
			               "holds a Unicode line separator");
	}
	for (size_t i = 0; i < reader->size; i++) {
		if (reader->text[i] == '\r' &&
		    (i + 1 == reader->size || reader->text[i + 1] != '\n'))
			return fail_at(reader, place_of_offset(reader, i),
			               "holds a carriage return that ends no line");
	}
	return 0;
}

static struct yaml_tree *new_node(struct reader *reader, const yaml_event_t *event)
{
	struct yaml_tree *node = calloc(1, sizeof(*node));

	if (!node) {
		error_memory(reader->err);
		return NULL;
	}
	struct place place = place_of_mark(reader, event->start_mark);
	node->line = place.line;
	node->column = place.column;
	return node;
}

static int set_value(struct reader *reader, struct yaml_tree *node, const yaml_char_t *value,
                     size_t size)
{
	if (memchr(value, '\0', size))
		return fail_at(reader, (struct place){node->line, node->column},
		               "holds an escaped NUL");
	node->value = text_copy_size((const char *)value, size);
	return node->value ? 0 : error_memory(reader->err);
}

static int append_item(struct reader *reader, struct yaml_tree *parent, struct yaml_tree **item)
{
	void *items = parent->items;
	int result = array_reserve(&items, &parent->capacity, parent->count, sizeof(*item));

	parent->items = items;
	if (result < 0)
		return error_memory(reader->err);
	parent->items[parent->count++] = steal_pointer(item);
	return 0;
}

static int read_node(struct reader *reader, const yaml_event_t *event, size_t depth,
                     struct yaml_tree **out);

/* The content of a sequence or mapping up to the event that ends it. */
static int read_items(struct reader *reader, struct yaml_tree *parent, yaml_event_type_t end,
                      size_t depth)
{
	for (;;) {
		cleanup_event yaml_event_t event = {0};
		cleanup_yaml_tree struct yaml_tree *item = NULL;

		if (next_event(reader, &event) < 0)
			return -1;
		if (event.type == end)
			return 0;
		if (read_node(reader, &event, depth + 1, &item) < 0 ||
		    append_item(reader, parent, &item) < 0)
			return -1;
	}
}

static int fill_scalar(struct reader *reader, const yaml_event_t *event, struct yaml_tree *node)
{
	node->kind = YAML_TREE_SCALAR;
	node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	node->tagged = event->data.scalar.tag != NULL;
	node->anchored = event->data.scalar.anchor != NULL;
	return set_value(reader, node, event->data.scalar.value, event->data.scalar.length);
}

static int fill_node(struct reader *reader, const yaml_event_t *event, size_t depth,
                     struct yaml_tree *node)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return fill_scalar(reader, event, node);
	case YAML_ALIAS_EVENT:
		node->kind = YAML_TREE_ALIAS;
		return set_value(reader, node, event->data.alias.anchor,
		                 strlen((const char *)event->data.alias.anchor));
	case YAML_SEQUENCE_START_EVENT:
		node->kind = YAML_TREE_SEQUENCE;
		node->tagged = event->data.sequence_start.tag != NULL;
		node->anchored = event->data.sequence_start.anchor != NULL;
		return read_items(reader, node, YAML_SEQUENCE_END_EVENT, depth);
	case YAML_MAPPING_START_EVENT:
		node->kind = YAML_TREE_MAPPING;
		node->tagged = event->data.mapping_start.tag != NULL;
		node->anchored = event->data.mapping_start.anchor != NULL;
		return read_items(reader, node, YAML_MAPPING_END_EVENT, depth);
	default:
		return fail_at(reader, (struct place){node->line, node->column},
		               "cannot be read as YAML");
	}
}

static int read_node(struct reader *reader, const yaml_event_t *event, size_t depth,
                     struct yaml_tree **out)
{
	struct place place = place_of_mark(reader, event->start_mark);

	if (depth > DEPTH_LIMIT)
		return fail_at(reader, place, "nested too deeply");
	if (++reader->nodes > NODE_LIMIT)
		return fail_at(reader, place, "has too many entries");

	cleanup_yaml_tree struct yaml_tree *node = new_node(reader, event);
	if (!node || fill_node(reader, event, depth, node) < 0)
		return -1;
	*out = steal_pointer(&node);
	return 0;
}

/* Reads one event and demands its type. */
static int expect(struct reader *reader, yaml_event_type_t type, const char *problem)
{
	cleanup_event yaml_event_t event = {0};

	if (next_event(reader, &event) < 0)
		return -1;
	if (event.type != type)
		return fail_at(reader, place_of_mark(reader, event.start_mark), problem);
	return 0;
}

static int read_document(struct reader *reader, struct yaml_tree **root)
{
	if (expect(reader, YAML_STREAM_START_EVENT, "cannot be read as YAML") < 0)
		return -1;

	cleanup_event yaml_event_t start = {0};
	if (next_event(reader, &start) < 0)
		return -1;
	if (start.type == YAML_STREAM_END_EVENT)
		return 0;

	cleanup_event yaml_event_t event = {0};
	cleanup_yaml_tree struct yaml_tree *node = NULL;
	if (next_event(reader, &event) < 0 || read_node(reader, &event, 1, &node) < 0 ||
	    expect(reader, YAML_DOCUMENT_END_EVENT, "cannot be read as YAML") < 0 ||
	    expect(reader, YAML_STREAM_END_EVENT, "a second document begins here") < 0)
		return -1;
	*root = steal_pointer(&node);
	return 0;
}

int yaml_tree_parse(const char *text, size_t size, size_t first_line, struct yaml_tree **root,
                    size_t *line, size_t *column, struct error *err)
{
	struct reader reader = {
	        .text = text,
	        .size = size,
	        .first_line = first_line,
	        .failure = {first_line, 1},
	        .err = err,
	};
	int result = -1;

	*root = NULL;
	if (!yaml_parser_initialize(&reader.parser)) {
		error_memory(err);
	} else {
		/* Set, or a byte order mark could choose UTF-16 and hide what the text says. */
		yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
		yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, size);
		result = refuse_ambiguous_bytes(&reader);
		if (result == 0)
			result = read_document(&reader, root);
		yaml_parser_delete(&reader.parser);
	}
	if (line)
		*line = reader.failure.line;
	if (column)
		*column = reader.failure.column;
	return result;
}

static bool is_key(const struct yaml_tree *node)
{
	return node->kind == YAML_TREE_SCALAR;
}

struct yaml_tree *yaml_tree_get(const struct yaml_tree *mapping, const char *key)
{
	if (!mapping || mapping->kind != YAML_TREE_MAPPING)
		return NULL;
	for (size_t i = 0; i + 1 < mapping->count; i += 2) {
		if (is_key(mapping->items[i]) && strcmp(mapping->items[i]->value, key) == 0)
			return mapping->items[i + 1];
	}
	return NULL;
}

static int compare_keys(const void *a, const void *b)
{
	const struct yaml_tree *const *left = a;
	const struct yaml_tree *const *right = b;
	int order = strcmp((*left)->value, (*right)->value);

	if (order)
		return order;
	if ((*left)->line != (*right)->line)
		return (*left)->line < (*right)->line ? -1 : 1;
	return (*left)->column < (*right)->column ? -1 : (*left)->column > (*right)->column;
}

static bool stands_before(const struct yaml_tree *a, const struct yaml_tree *b)
{
	return a->line < b->line || (a->line == b->line && a->column < b->column);
}

/* Without memory for sorting: every pair. */
static const struct yaml_tree *duplicate_by_pairs(const struct yaml_tree *mapping)
{
	for (size_t i = 2; i + 1 < mapping->count; i += 2) {
		for (size_t j = 0; j < i; j += 2) {
			if (is_key(mapping->items[i]) && is_key(mapping->items[j]) &&
			    strcmp(mapping->items[i]->value, mapping->items[j]->value) == 0)
				return mapping->items[i];
		}
	}
	return NULL;
}

const struct yaml_tree *yaml_tree_duplicate_key(const struct yaml_tree *mapping)
{
	if (!mapping || mapping->kind != YAML_TREE_MAPPING || mapping->count < 4)
		return NULL;

	cleanup_free const struct yaml_tree **keys = calloc(mapping->count / 2, sizeof(*keys));
	if (!keys)
		return duplicate_by_pairs(mapping);

	size_t count = 0;
	for (size_t i = 0; i + 1 < mapping->count; i += 2) {
		if (is_key(mapping->items[i]))
			keys[count++] = mapping->items[i];
	}
	qsort(keys, count, sizeof(*keys), compare_keys);

	const struct yaml_tree *found = NULL;
	for (size_t i = 1; i < count; i++) {
		if (strcmp(keys[i - 1]->value, keys[i]->value) == 0 &&
		    (!found || stands_before(keys[i], found)))
			found = keys[i];
	}
	return found;
}

void yaml_tree_free(struct yaml_tree *root)
{
	if (!root)
		return;
	/* No deeper than DEPTH_LIMIT. */
	for (size_t i = 0; i < root->count; i++)
		yaml_tree_free(root->items[i]);
	free(root->items);
	free(root->value);
	free(root);
}
