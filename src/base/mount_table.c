#include "base/mount_table.h"

#include "base/file.h"

#include <stdbool.h>
#include <string.h>

static const char table_file[] = "/proc/self/mountinfo";

enum {
	/* Some 100,000 mounts, which the kernel allows (fs.mount-max), with paths of usual length.
	 */
	LONGEST_TABLE = 64 << 20,
	/* Number, parent, device, root. */
	FIELDS_BEFORE_PATH = 4,
};

int mount_table_read(struct mount_table *out, struct error *err)
{
	*out = (struct mount_table){0};
	if (file_read(table_file, LONGEST_TABLE, &out->text, err) < 0)
		return -1;
	return memchr(out->text.data, '\0', out->text.size)
	               ? error_set(err, "%s holds a NUL byte", table_file)
	               : 0;
}

/* Takes the next field, which ends at a blank or the line's end; NULL where there is none. */
static char *next_field(char **rest)
{
	char *field = *rest;

	if (!field || !*field)
		return NULL;
	char *blank = strchr(field, ' ');
	if (blank)
		*blank = '\0';
	*rest = blank ? blank + 1 : NULL;
	return field;
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* Blanks, line ends and backslashes stand as \ and three octal digits. False where another
 * backslash does. */
static bool unescape(char *text)
{
	char *out = text;

	for (; *text; text++) {
		if (*text != '\\') {
			*out++ = *text;
			continue;
		}
		if (!(text[1] >= '0' && text[1] <= '3') || !is_octal(text[2]) || !is_octal(text[3]))
			return false;
		int byte = (text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0');
		if (!byte)
			return false;
		*out++ = (char)byte;
		text += 3;
	}
	*out = '\0';
	return true;
}

static bool read_line(char *line, struct mount_entry *out)
{
	char *rest = line;
	const char *field = NULL;

	for (int i = 0; i < FIELDS_BEFORE_PATH; i++)
		if (!next_field(&rest))
			return false;
	out->path = next_field(&rest);
	/* Options, and as many optional fields as there are, up to a dash. */
	do
		field = next_field(&rest);
	while (field && strcmp(field, "-") != 0);
	out->type = field ? next_field(&rest) : NULL;
	return out->type && *out->type && out->path[0] == '/' && unescape(out->path) &&
	       unescape(out->type);
}

int mount_table_next(struct mount_table *table, struct mount_entry *out, struct error *err)
{
	if (table->place >= table->text.size)
		return 0;
	char *line = table->text.data + table->place;
	char *end = memchr(line, '\n', table->text.size - table->place);
	if (end)
		*end = '\0';
	table->place = end ? (size_t)(end - table->text.data) + 1 : table->text.size;
	table->line++;
	if (!read_line(line, out))
		return error_set(err, "%s:%zu is not understood", table_file, table->line);
	return 1;
}

void mount_table_clear(struct mount_table *table)
{
	buffer_free(&table->text);
	*table = (struct mount_table){0};
}
