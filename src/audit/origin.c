#include "audit/origin.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum {
	LINE_DIGITS = 9, /* no file has more lines */
};

/* A line number behind the colon at `text`, which ends where a reason goes on. 0 where there is
 * none. */
static unsigned long line_at(const char *text)
{
	size_t digits = 0;

	while (isdigit((unsigned char)text[1 + digits]))
		digits++;
	char behind = text[1 + digits];
	if (digits == 0 || digits > LINE_DIGITS || text[1] == '0')
		return 0;
	if (behind != '\0' && behind != ' ' && behind != ':' && behind != ';')
		return 0;
	return strtoul(text + 1, NULL, 10);
}

bool origin_split(const char *because, const char *known, size_t *file_size, unsigned long *line)
{
	size_t size = known ? strlen(known) : 0;

	if (size && strncmp(because, known, size) == 0 && because[size] == ':') {
		*file_size = size;
		*line = line_at(because + size);
		return *line > 0;
	}
	/* An option ("--grant connect:host:443") is no file. */
	if (because[0] == '-')
		return false;
	for (const char *colon = strchr(because, ':'); colon; colon = strchr(colon + 1, ':')) {
		*line = line_at(colon);
		if (*line && colon > because) {
			*file_size = (size_t)(colon - because);
			return true;
		}
	}
	return false;
}
