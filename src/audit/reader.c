#include "audit/reader.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum {
	BLOCK = 64 * 1024,
};

struct reading {
	const char *file;
	reader_function *function;
	void *data;
	struct reader_result *result;
	struct buffer rest; /* of a line that goes on */
	size_t line;        /* number of the current one */
	struct error *err;
};

static int complain(struct reading *reading)
{
	error_context(reading->err, "%s:%zu", reading->file, reading->line);
	return error_help(reading->err, "remit audit reads the logs that remit run --audit writes");
}

static bool is_blank(const char *line, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (!strchr(" \t\r", line[i]) || !line[i])
			return false;
	return true;
}

/* Every record of every version begins alike. No text in a record holds this: quotes in a text are
 * escaped. */
static const char beginning[] = "{\"v\":";

/* True for what is left of a record, too, however little. */
static bool begins_record(const char *line, size_t size)
{
	return memcmp(line, beginning, size < strlen(beginning) ? size : strlen(beginning)) == 0;
}

/* A run that was killed while it wrote leaves a part of a line, and the next run that appends
 * writes behind it. Returns where the last record of the line begins; 0 where there is but one. */
static size_t second_record(const char *line, size_t size)
{
	size_t second = 0;

	while (size > second) {
		const char *place =
		        memmem(line + second + 1, size - second - 1, beginning, strlen(beginning));
		if (!place)
			break;
		second = (size_t)(place - line);
	}
	return second;
}

static int use(struct reading *reading, const struct entry *entry)
{
	reading->result->records++;
	reading->result->newer += entry->newer;
	if (reading->function(reading->data, entry, reading->err) < 0)
		return complain(reading);
	return 0;
}

static void note_cut_off(struct reading *reading)
{
	error_clear(reading->err);
	if (!reading->result->cut_offs++)
		reading->result->cut_off = reading->line;
}

static int take_line(struct reading *reading, const char *line, size_t size, bool whole)
{
	cleanup_entry struct entry entry = {0};

	reading->line++;
	if (is_blank(line, size))
		return 0;
	int result = entry_read(line, size, &entry, reading->err);
	if (result == 0)
		return use(reading, &entry);
	if (result != ENTRY_NO_JSON || !begins_record(line, size))
		return complain(reading);
	size_t second = second_record(line, size);
	if (second) {
		note_cut_off(reading);
		result = entry_read(line + second, size - second, &entry, reading->err);
		if (result == 0)
			return use(reading, &entry);
	}
	if (whole || result != ENTRY_NO_JSON)
		return complain(reading);
	note_cut_off(reading);
	return 0;
}

/* Keeps the part of a line until its end is read. */
static int keep(struct reading *reading, const char *part, size_t size)
{
	if (size > READER_LINE_MOST - reading->rest.size) {
		reading->line++;
		error_set(reading->err, "a line of more than %d bytes is no record",
		          READER_LINE_MOST);
		return complain(reading);
	}
	buffer_append(&reading->rest, part, size);
	return buffer_failed(&reading->rest) ? error_memory(reading->err) : 0;
}

static int take_block(struct reading *reading, const char *block, size_t size)
{
	while (size) {
		const char *newline = memchr(block, '\n', size);
		size_t length = newline ? (size_t)(newline - block) : size;
		int result = 0;

		if (!newline)
			return keep(reading, block, length);
		if (reading->rest.size) {
			if (keep(reading, block, length) < 0)
				return -1;
			result = take_line(reading, reading->rest.data, reading->rest.size, true);
			reading->rest.size = 0;
		} else {
			result = take_line(reading, block, length, true);
		}
		if (result < 0)
			return -1;
		block += length + 1;
		size -= length + 1;
	}
	return 0;
}

static int read_all(struct reading *reading, int descriptor)
{
	cleanup_free char *block = malloc(BLOCK);

	if (!block)
		return error_memory(reading->err);
	for (;;) {
		ssize_t size = read(descriptor, block, BLOCK);
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return error_system(reading->err, errno, "%s", reading->file);
		if (size == 0)
			break;
		if (take_block(reading, block, (size_t)size) < 0)
			return -1;
	}
	if (!reading->rest.size)
		return 0;
	return take_line(reading, reading->rest.data, reading->rest.size, false);
}

int reader_descriptor(int descriptor, const char *file, reader_function *function, void *data,
                      struct reader_result *result, struct error *err)
{
	struct reading reading = {
	        .file = file,
	        .function = function,
	        .data = data,
	        .result = result,
	        .err = err,
	};

	*result = (struct reader_result){0};
	int status = read_all(&reading, descriptor);
	buffer_free(&reading.rest);
	return status;
}

int reader_log(const char *file, reader_function *function, void *data,
               struct reader_result *result, struct error *err)
{
	if (strcmp(file, "-") == 0)
		return reader_descriptor(STDIN_FILENO, "standard input", function, data, result,
		                         err);
	cleanup_close int descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (descriptor < 0) {
		*result = (struct reader_result){0};
		return error_system(err, errno, "%s", file);
	}
	return reader_descriptor(descriptor, file, function, data, result, err);
}
