#include "policy/glob.h"

#include <stdint.h>
#include <string.h>

/* One character of UTF-8, or one byte where the text is none. Returns how many bytes it takes. */
static size_t take_character(const char *text, size_t size, uint32_t *out)
{
	unsigned char first = (unsigned char)text[0];
	size_t length = first < 0x80   ? 1
	                : first < 0xc2 ? 0
	                : first < 0xe0 ? 2
	                : first < 0xf0 ? 3
	                               : 4;

	if (length == 0 || first > 0xf4 || length > size)
		length = 1;
	uint32_t value = length == 1 ? first : first & (0xffu >> (length + 1));
	for (size_t i = 1; i < length; i++) {
		unsigned char next = (unsigned char)text[i];
		if ((next & 0xc0) != 0x80) {
			/* Not UTF-8: the byte stands for itself, apart from every real character.
			 */
			*out = 0x110000u + first;
			return 1;
		}
		value = value << 6 | (next & 0x3f);
	}
	*out = length == 1 && first >= 0x80 ? 0x110000u + first : value;
	return length;
}

/* Where the bracket expression that begins at glob[0] == '[' ends (index of ']'), or 0 where it is
 * not closed. A ']' that comes first stands for itself. */
static size_t bracket_end(const char *glob, size_t size)
{
	size_t i = 1;

	if (i < size && (glob[i] == '!' || glob[i] == '^'))
		i++;
	if (i < size && glob[i] == ']')
		i++;
	for (; i < size && glob[i] != ']'; i++) {
		if (glob[i] == '\\')
			i++;
	}
	return i < size ? i : 0;
}

static size_t take_bracket_character(const char *glob, size_t size, uint32_t *out)
{
	size_t escape = glob[0] == '\\' && size > 1;

	return escape + take_character(glob + escape, size - escape, out);
}

static bool bracket_holds(const char *glob, size_t end, uint32_t character)
{
	size_t i = 1;
	bool negated = glob[i] == '!' || glob[i] == '^';
	bool found = false;

	i += negated;
	while (i < end) {
		uint32_t low;
		uint32_t high;

		i += take_bracket_character(glob + i, end - i, &low);
		high = low;
		if (i + 1 < end && glob[i] == '-') {
			i++;
			i += take_bracket_character(glob + i, end - i, &high);
		}
		found |= low <= character && character <= high;
	}
	return found != negated;
}

/* Matches one element of the glob (anything but `*`) with one character of the name. Returns how
 * many bytes of the glob the element takes, 0 where it does not match. */
static size_t match_element(const char *glob, size_t size, uint32_t character)
{
	uint32_t literal;
	size_t end;

	switch (glob[0]) {
	case '?':
		return 1;
	case '[':
		end = bracket_end(glob, size);
		if (end)
			return bracket_holds(glob, end, character) ? end + 1 : 0;
		break;
	case '\\':
		if (size > 1) {
			size_t taken = take_character(glob + 1, size - 1, &literal);
			return literal == character ? taken + 1 : 0;
		}
		break;
	default:
		break;
	}
	size_t taken = take_character(glob, size, &literal);
	return literal == character ? taken : 0;
}

bool glob_match_name(const char *glob, size_t glob_size, const char *name, size_t name_size)
{
	size_t g = 0;
	size_t n = 0;
	size_t star = SIZE_MAX; /* behind the last `*`, and where in the name it was tried */
	size_t star_name = 0;

	for (;;) {
		if (g < glob_size && glob[g] == '*') {
			star = ++g;
			star_name = n;
			continue;
		}
		if (n == name_size && g == glob_size)
			return true;

		uint32_t character;
		size_t taken =
		        n < name_size ? take_character(name + n, name_size - n, &character) : 0;
		size_t matched = taken && g < glob_size
		                         ? match_element(glob + g, glob_size - g, character)
		                         : 0;
		if (matched) {
			g += matched;
			n += taken;
			continue;
		}
		if (star == SIZE_MAX || star_name == name_size)
			return false;
		/* Let the last `*` take one character more. */
		star_name += take_character(name + star_name, name_size - star_name, &character);
		n = star_name;
		g = star;
	}
}

/* Length of the name that begins at text[at]. */
static size_t name_size_at(const char *text, size_t size, size_t at)
{
	const char *slash = memchr(text + at, '/', size - at);

	return slash ? (size_t)(slash - text) - at : size - at;
}

bool glob_match_path(const char *glob, const char *path, size_t path_size)
{
	size_t glob_size = strlen(glob);
	size_t g = 0; /* past the end: size + 1, as if a slash followed the last name */
	size_t p = 0;
	size_t star = SIZE_MAX;
	size_t star_path = 0;

	while (true) {
		size_t glob_name = g <= glob_size ? name_size_at(glob, glob_size, g) : 0;
		if (g <= glob_size && glob_name == 2 && memcmp(glob + g, "**", 2) == 0) {
			g += 3;
			star = g;
			star_path = p;
			continue;
		}
		if (p > path_size && g > glob_size)
			return true;

		size_t path_name = p <= path_size ? name_size_at(path, path_size, p) : 0;
		if (p <= path_size && g <= glob_size &&
		    glob_match_name(glob + g, glob_name, path + p, path_name)) {
			g += glob_name + 1;
			p += path_name + 1;
			continue;
		}
		if (star == SIZE_MAX || star_path > path_size)
			return false;
		star_path += name_size_at(path, path_size, star_path) + 1;
		p = star_path;
		g = star;
	}
}

bool glob_has_wildcard(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\\')
			i++;
		else if (strchr("*?[", text[i]))
			return true;
	}
	return false;
}

static int check_bracket(const char *glob, size_t size, struct error *err)
{
	size_t end = bracket_end(glob, size);

	if (!end || memchr(glob, '/', end))
		return error_set(err, "`[` is not closed; write `\\[` for the character itself");
	if (memmem(glob + 1, end - 1, "[:", 2) || memmem(glob + 1, end - 1, "[.", 2) ||
	    memmem(glob + 1, end - 1, "[=", 2))
		return error_set(err,
		                 "named character classes are not known; write the characters, "
		                 "as in [a-z]");
	return (int)end;
}

int glob_check(const char *glob, struct error *err)
{
	size_t size = strlen(glob);

	if (glob[0] == '!')
		return error_set(err, "a leading `!` (negation) is not known; write `./!` for the "
		                      "character itself");
	if (size > 4096)
		return error_set(err, "longer than 4096 bytes");
	for (size_t i = 0; i < size; i++) {
		switch (glob[i]) {
		case '\\':
			/* Only what has a meaning can lose it; `.\.` would hide a `..`. */
			if (i + 1 == size || !strchr("*?[]{}!\\#~ -^", glob[i + 1]))
				return error_set(err, "a backslash escapes nothing here");
			i++;
			break;
		case '[': {
			int end = check_bracket(glob + i, size - i, err);
			if (end < 0)
				return -1;
			i += (size_t)end;
			break;
		}
		case '{':
		case '}':
			return error_set(err, "braces are not known; write one pattern for each "
			                      "alternative");
		case '*': {
			size_t run = strspn(glob + i, "*");
			bool alone = (i == 0 || glob[i - 1] == '/') &&
			             (i + run == size || glob[i + run] == '/');
			if (run > 2 || (run == 2 && !alone))
				return error_set(err,
				                 "`**` must stand alone between slashes, as in "
				                 "`**/*.txt`");
			i += run - 1;
			break;
		}
		default:
			break;
		}
	}
	return 0;
}
