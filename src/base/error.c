#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char out_of_memory[] = "out of memory";

static void release(char **place)
{
	if (*place != out_of_memory)
		free(*place);
	*place = NULL;
}

__attribute__((format(printf, 1, 0))) static char *format_text(const char *format,
                                                               va_list arguments)
{
	char *text = NULL;

	if (vasprintf(&text, format, arguments) < 0)
		return out_of_memory;
	return text;
}

int error_set(struct error *err, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	char *text = format_text(format, arguments);
	va_end(arguments);
	release(&err->message);
	err->message = text;
	return -1;
}

int error_system(struct error *err, int number, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	char *text = format_text(format, arguments);
	va_end(arguments);
	error_set(err, "%s: %s", text, strerror(number));
	release(&text);
	return -1;
}

int error_context(struct error *err, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	char *text = format_text(format, arguments);
	va_end(arguments);
	char *message = err->message;
	err->message = NULL;
	error_set(err, "%s: %s", text, message ? message : "unknown error");
	release(&message);
	release(&text);
	return -1;
}

int error_help(struct error *err, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	char *text = format_text(format, arguments);
	va_end(arguments);
	release(&err->help);
	err->help = text;
	return -1;
}

int error_memory(struct error *err)
{
	release(&err->message);
	err->message = out_of_memory;
	return -1;
}

const char *error_message(const struct error *err)
{
	return err->message ? err->message : "unknown error";
}

void error_clear(struct error *err)
{
	release(&err->message);
	release(&err->help);
}
