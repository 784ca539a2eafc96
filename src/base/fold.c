#include "base/fold.h"

#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

/* Characters that file systems leave out when they compare: default-ignorable code points (Unicode,
 * DerivedCoreProperties). Sorted. */
static const struct fold_range {
	uint32_t first, last;
} fold_ignored[] = {
        {0x00AD, 0x00AD},   {0x034F, 0x034F}, {0x061C, 0x061C},   {0x115F, 0x1160},
        {0x17B4, 0x17B5},   {0x180B, 0x180F}, {0x200B, 0x200F},   {0x202A, 0x202E},
        {0x2060, 0x206F},   {0x3164, 0x3164}, {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},
        {0xFFA0, 0xFFA0},   {0xFFF0, 0xFFF8}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A},
        {0xE0000, 0xE0FFF},
};

/* What folds to ASCII beside ASCII itself: by case (CaseFolding, statuses C, F and T) or by
 * compatibility. */
static const struct fold_row {
	uint32_t character;
	const char *ascii;
} fold_rows[] = {
        {0x00DF, "ss"},  {0x0130, "i"},   {0x0131, "i"},  {0x017F, "s"},  {0x1E9E, "ss"},
        {0x2024, "."},   {0x212A, "k"},   {0xFB00, "ff"}, {0xFB01, "fi"}, {0xFB02, "fl"},
        {0xFB03, "ffi"}, {0xFB04, "ffl"}, {0xFB05, "st"}, {0xFB06, "st"}, {0xFE52, "."},
};

enum {
	FULL_WIDTH_FIRST = 0xFF01, /* forms of ! to ~ */
	FULL_WIDTH_LAST = 0xFF5E,
	DOT_ABOVE = 0x0307, /* what is left of U+0130 */
};

static bool is_ignored(uint32_t character)
{
	for (size_t i = 0; i < sizeof(fold_ignored) / sizeof(fold_ignored[0]); i++)
		if (character >= fold_ignored[i].first && character <= fold_ignored[i].last)
			return true;
	return character == DOT_ABOVE;
}

bool fold_is_plain(const char *name, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)name[i];
		if ((c >= 'A' && c <= 'Z') || c >= 0x80 || c == '~' || c == ':')
			return false;
	}
	return !size || (name[size - 1] != '.' && name[size - 1] != ' ');
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

struct folding {
	char *out;
	size_t size;
	bool full;
};

static void put(struct folding *folding, const char *text, size_t size)
{
	if (size >= FOLD_LONGEST - folding->size) {
		folding->full = true;
		return;
	}
	memcpy(folding->out + folding->size, text, size);
	folding->size += size;
}

static void put_character(struct folding *folding, uint32_t character, const char *bytes,
                          size_t size)
{
	if (is_ignored(character))
		return;
	if (character >= FULL_WIDTH_FIRST && character <= FULL_WIDTH_LAST) {
		char narrow = lower((char)(character - FULL_WIDTH_FIRST + '!'));
		put(folding, &narrow, 1);
		return;
	}
	for (size_t i = 0; i < sizeof(fold_rows) / sizeof(fold_rows[0]); i++)
		if (fold_rows[i].character == character) {
			put(folding, fold_rows[i].ascii, strlen(fold_rows[i].ascii));
			return;
		}
	put(folding, bytes, size);
}

bool fold_name(const char *name, size_t size, char out[FOLD_LONGEST])
{
	struct folding folding = {.out = out};

	while (size && !folding.full) {
		uint32_t character;
		size_t length = 1;

		if ((unsigned char)name[0] < 0x80) {
			char folded = lower(name[0]);
			put(&folding, &folded, 1);
		} else if ((length = utf8_decode(name, size, &character)) > 0) {
			put_character(&folding, character, name, length);
		} else {
			length = 1;
			put(&folding, name, 1);
		}
		name += length;
		size -= length;
	}
	out[folding.size] = '\0';
	/* `config::$DATA` is `config`, and so are `config.` and `config `. */
	out[strcspn(out, ":")] = '\0';
	for (size_t end = strlen(out); end && strchr(". ", out[end - 1]); end--)
		out[end - 1] = '\0';
	return !folding.full;
}

/* The part of a name before its last dot, without the dots in it, at most six characters; and what
 * stands behind that dot. A name whose only dot is its first character has but the former. */
static void split_long_name(const char *name, char base[7], const char **extension)
{
	size_t size = 0;

	name += strspn(name, ".");
	const char *dot = strrchr(name, '.');
	*extension = dot ? dot + 1 : "";
	for (const char *at = name; *at && at != dot && size < 6; at++)
		if (*at != '.' && *at != ' ')
			base[size++] = lower(*at);
	base[size] = '\0';
}

/* A short name is what fits of the base before `~` and a number in eight characters, a dot, and the
 * first three of the extension; or, where that is taken, two of the base and a checksum of four. */
static bool is_short_name(const char *folded, const char *canonical)
{
	char base[7];
	const char *extension;
	size_t stem = strcspn(folded, "~.");
	size_t digits = folded[stem] == '~' ? strspn(folded + stem + 1, "0123456789") : 0;

	if (stem == 0 || digits == 0 || stem + 1 + digits > 8)
		return false;
	split_long_name(canonical, base, &extension);
	const char *rest = folded + stem + 1 + digits;
	size_t kept = strlen(extension) < 3 ? strlen(extension) : 3;
	if (*rest == '.')
		rest++;
	for (size_t i = 0; i < kept; i++)
		if (rest[i] != lower(extension[i]))
			return false;
	if (rest[kept])
		return false;
	size_t most = 8 - 1 - digits;
	size_t length = strlen(base) < most ? strlen(base) : most;
	if (stem == length && strncmp(folded, base, stem) == 0)
		return true;
	size_t first = strlen(base) < 2 ? strlen(base) : 2;
	return stem == first + 4 && strncmp(folded, base, first) == 0 &&
	       strspn(folded + first, "0123456789abcdef") >= 4;
}

bool fold_equal(const char *folded, const char *canonical)
{
	size_t i = 0;

	while (folded[i] && folded[i] == lower(canonical[i]))
		i++;
	if (!folded[i] && !canonical[i])
		return true;
	return strchr(folded + i, '~') && is_short_name(folded, canonical);
}
