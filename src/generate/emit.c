#include "generate/emit.h"

#include <string.h>

static void emit_characters(struct buffer *out, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char byte = (unsigned char)text[i];

		if (byte == '"' || byte == '\\')
			buffer_printf(out, "\\%c", byte);
		else if (byte == '\n')
			buffer_append_text(out, "\\n");
		else if (byte < ' ' || byte >= 0x7f || byte == '?')
			buffer_printf(out, "\\%03o", byte); /* `?` might begin a trigraph */
		else
			buffer_append(out, &byte, 1);
	}
}

void emit_literal(struct buffer *out, const char *text)
{
	buffer_append_text(out, "\"");
	emit_characters(out, text, strlen(text));
	buffer_append_text(out, "\"");
}

void emit_text(struct buffer *out, const char *text)
{
	buffer_append_text(out, "\"\"");
	while (*text) {
		const char *end = strchr(text, '\n');
		size_t size = end ? (size_t)(end - text) + 1 : strlen(text);

		buffer_append_text(out, "\n\t\"");
		emit_characters(out, text, size);
		buffer_append_text(out, "\"");
		text += size;
	}
}

void emit_word_array(struct buffer *out, const struct yaml_tree *sequence)
{
	buffer_append_text(out, "(const char *const[]){");
	for (size_t i = 0; sequence && i < sequence->count; i++) {
		emit_literal(out, sequence->items[i]->value);
		buffer_append_text(out, ", ");
	}
	buffer_append_text(out, "NULL}");
}

void emit_count(struct buffer *out, const char *name)
{
	buffer_printf(out, "const size_t %s_count = sizeof(%s) / sizeof(%s[0]);\n\n", name, name,
	              name);
}
