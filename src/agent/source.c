#include "agent/source.h"

#include <stdio.h>
#include <string.h>

static const char shape_help[] =
        "a definition begins with a line `---`, then `name:`, `tools:` and their like, then "
        "another line `---`";

bool source_next_line(const char *text, size_t size, size_t *place, struct source_line *line)
{
	if (*place >= size)
		return false;

	const char *begin = text + *place;
	const char *end = memchr(begin, '\n', size - *place);
	size_t length = end ? (size_t)(end - begin) : size - *place;
	*place += length + (end ? 1 : 0);
	if (length && begin[length - 1] == '\r')
		length--;
	*line = (struct source_line){begin, length};
	return true;
}

/* The length of the decimal `number` if the line begins with exactly it, else 0. */
static size_t glued_length(const struct source_line *line, size_t number)
{
	char digits[24];
	int length = snprintf(digits, sizeof(digits), "%zu", number);

	if (length < 0 || (size_t)length > line->size)
		return 0;
	return memcmp(line->text, digits, (size_t)length) == 0 ? (size_t)length : 0;
}

/* True when every line bears its own number in front; the last may be empty. */
static bool lines_are_glued(const char *text, size_t size)
{
	struct source_line line;
	size_t place = 0;
	size_t number = 0;

	while (source_next_line(text, size, &place, &line)) {
		number++;
		bool last = place >= size;
		if (!glued_length(&line, number) && !(last && number > 1 && line.size == 0))
			return false;
	}
	return number > 1;
}

/* How many dashes the line consists of (white space may follow), 0 where it is none such. */
static size_t fence_length(const struct source_line *line)
{
	size_t dashes = 0;

	while (dashes < line->size && line->text[dashes] == '-')
		dashes++;
	for (size_t i = dashes; i < line->size; i++) {
		if (line->text[i] != ' ' && line->text[i] != '\t')
			return 0;
	}
	return dashes;
}

/* Takes the number off line `number` of the file where the lines are glued. */
static struct source_line without_number(struct source_line line, size_t number, bool glued)
{
	size_t length = glued ? glued_length(&line, number) : 0;

	return (struct source_line){line.text + length, line.size - length};
}

/* Where the front matter ends: offset of the closing fence and its line; line 0 where none is. */
struct fence {
	size_t line;
	size_t dashes;
};

/* The first line `---` behind the first line. Some formatters of Markdown take the last key and its
 * fence for a heading and lengthen the fence; such a line closes only if nothing else does. */
static struct fence find_fence(const char *text, size_t size, bool glued)
{
	struct fence longer = {0};
	struct source_line line;
	size_t place = 0;

	for (size_t number = 1; source_next_line(text, size, &place, &line); number++) {
		line = without_number(line, number, glued);
		size_t dashes = fence_length(&line);
		if (number > 1 && dashes == 3)
			return (struct fence){number, dashes};
		if (number > 1 && dashes > 3 && !longer.line)
			longer = (struct fence){number, dashes};
	}
	return longer;
}

static int refuse_nul(const struct reading *reading, const char *text, size_t size)
{
	const char *nul = memchr(text, '\0', size);
	size_t line = 1;

	if (!nul)
		return 0;
	for (const char *at = text; at < nul; at++)
		line += *at == '\n';
	report_error(reading, line, "holds a NUL byte");
	return error_help(reading->err, "an agent definition is UTF-8 text");
}

static int refuse_definition(const struct reading *reading, const char *reason)
{
	report_error(reading, 1, "not an agent definition: %s", reason);
	return error_help(reading->err, "%s", shape_help);
}

/* Line breaks for some readers of YAML and not for others: what stands behind one may be a key of
 * its own or the rest of a sentence. */
static const char *const unclear_breaks[] = {
        "\r",           /* carriage return within a line */
        "\xC2\x85",     /* next line */
        "\xE2\x80\xA8", /* line separator */
        "\xE2\x80\xA9", /* paragraph separator */
};

static int refuse_unclear_breaks(const struct reading *reading, const struct source_line *line,
                                 size_t number)
{
	for (size_t i = 0; i < sizeof(unclear_breaks) / sizeof(unclear_breaks[0]); i++) {
		if (!memmem(line->text, line->size, unclear_breaks[i], strlen(unclear_breaks[i])))
			continue;
		report_error(reading, number,
		             "holds a line break that editors do not show (a carriage return or a "
		             "Unicode line separator)");
		return error_help(reading->err, "end lines with a newline");
	}
	return 0;
}

static int copy_lines(const struct reading *reading, const char *text, size_t size, bool glued,
                      const struct fence *fence, struct source *out)
{
	struct source_line line;
	size_t place = 0;

	out->first_line = 2;
	for (size_t number = 1; number < fence->line; number++) {
		if (!source_next_line(text, size, &place, &line))
			break;
		if (number == 1)
			continue;
		line = without_number(line, number, glued);
		if (refuse_unclear_breaks(reading, &line, number) < 0)
			return -1;
		buffer_append(&out->text, line.text, line.size);
		buffer_append(&out->text, "\n", 1);
	}
	buffer_append(&out->text, "", 0);
	return buffer_failed(&out->text) ? error_memory(reading->err) : 0;
}

static int warn_of_form(const struct reading *reading, bool glued, const struct fence *fence)
{
	if (glued && report_warning(reading, 1, "glued-line-numbers",
	                            "every line begins with its number; the numbers were taken "
	                            "off") < 0)
		return -1;
	if (fence->dashes > 3)
		return report_warning(reading, fence->line, "long-fence",
		                      "%zu dashes were read as the line `---` that ends the front "
		                      "matter",
		                      fence->dashes);
	return 0;
}

int source_read(const struct reading *reading, const char *text, size_t size, struct source *out)
{
	static const char byte_order_mark[] = "\xEF\xBB\xBF";
	struct source_line line = {"", 0};
	size_t place = 0;

	if (refuse_nul(reading, text, size) < 0)
		return -1;
	if (size >= 3 && memcmp(text, byte_order_mark, 3) == 0) {
		text += 3;
		size -= 3;
	}

	bool glued = lines_are_glued(text, size);
	source_next_line(text, size, &place, &line);
	line = without_number(line, 1, glued);
	if (fence_length(&line) != 3)
		return refuse_definition(reading, "does not begin with a line `---`");
	struct fence fence = find_fence(text, size, glued);
	if (!fence.line)
		return refuse_definition(reading, "no line `---` ends the front matter");
	if (warn_of_form(reading, glued, &fence) < 0)
		return -1;
	return copy_lines(reading, text, size, glued, &fence, out);
}

void source_free(struct source *source)
{
	buffer_free(&source->text);
	*source = (struct source){0};
}
