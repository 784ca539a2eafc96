#include "fidelity.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void append(struct log *log, const char *text, size_t size)
{
	if (size > LOG_SIZE - 1 - log->used)
		size = LOG_SIZE - 1 - log->used;
	memcpy(log->text + log->used, text, size);
	log->used += size;
}

void say(struct actor *actor, const char *format, ...)
{
	char piece[512];
	va_list arguments;

	va_start(arguments, format);
	int size = vsnprintf(piece, sizeof(piece), format, arguments);
	va_end(arguments);
	if (size > 0)
		append(actor->log, piece,
		       (size_t)size < sizeof(piece) ? (size_t)size : sizeof(piece) - 1);
}

/* A run of one byte is written as its number: long names stay readable. */
static size_t run_length(const char *text)
{
	size_t length = 1;

	while (text[length] == text[0])
		length++;
	return length;
}

/* Writes what differs between two runs of the same: the base, and numbers of processes. */
static const char *say_place(struct actor *actor, const char *text)
{
	char process[32];
	size_t base = strlen(actor->base);
	size_t own = (size_t)snprintf(process, sizeof(process), "/proc/%d/", (int)getpid());

	if (strncmp(text, actor->base, base) == 0) {
		say(actor, "@");
		return text + base;
	}
	if (strncmp(text, process, own) != 0)
		return text;
	say(actor, "/proc/OWN/");
	text += own;
	if (strncmp(text, "task/", 5) == 0) {
		say(actor, "task/OWN");
		text += 5;
		text += strspn(text, "0123456789");
	}
	return text;
}

void say_text(struct actor *actor, const char *text)
{
	say(actor, "\"");
	for (text = say_place(actor, text); *text;) {
		size_t dots = 0;
		while (strncmp(text + 2 * dots, "./", 2) == 0)
			dots++;
		if (dots > 8) {
			say(actor, "{./*%zu}", dots);
			text += 2 * dots;
			continue;
		}
		size_t same = run_length(text);
		unsigned char byte = (unsigned char)*text;
		if (same > 16)
			say(actor, "{%c*%zu}", byte, same);
		else if (byte > ' ' && byte < 127 && byte != '"' && byte != '{')
			append(actor->log, text, same = 1);
		else
			say(actor, "{%02x}", byte), same = 1;
		text += same;
	}
	say(actor, "\"");
}

void say_result(struct actor *actor, long result, int error)
{
	if (result < 0)
		say(actor, " = %s", strerrorname_np(error));
	else
		say(actor, " = %ld", result);
}
