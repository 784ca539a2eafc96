#include "agent/keys.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum {
	/* Longer keys are cut: no key that bears a permission comes near this. */
	FOLDED_SIZE = 64,
	/* Stands for any character beyond ASCII, so that a distance counts characters. */
	FOREIGN = 0x7F,
};

struct folded {
	char text[FOLDED_SIZE];
	size_t size;
};

static const struct {
	const char *folded;
	struct key key;
} known_keys[] = {
        {"name", {KEY_NAME, "name"}},
        {"tools", {KEY_TOOLS, "tools"}},
        {"disallowedtools", {KEY_DISALLOWED_TOOLS, "disallowedTools"}},
        {"toolrestrictions", {KEY_TOOL_RESTRICTIONS, "tool_restrictions"}},
        {"capabilities", {KEY_CAPABILITIES, "capabilities"}},
        {"allowedtools", {KEY_ALLOWED_TOOLS, "allowedTools"}},
        {"permissionmode", {KEY_PERMISSION_MODE, "permissionMode"}},
};

enum {
	KNOWN_KEYS = sizeof(known_keys) / sizeof(known_keys[0]),
};

/* Whole keys that speak of permissions in a way that nothing here defines. */
static const struct {
	const char *folded;
	const char *spelling; /* what probably was meant, or NULL */
} foreign_keys[] = {
        {"access", NULL},
        {"alwaysallow", NULL},
        {"approvalmode", "permissionMode"},
        {"approvalpolicy", "permissionMode"},
        {"ask", NULL},
        {"autoapprove", NULL},
        {"blacklist", "disallowedTools"},
        {"block", "disallowedTools"},
        {"internet", NULL},
        {"internetaccess", NULL},
        {"network", NULL},
        {"networkaccess", NULL},
        {"readonly", NULL},
        {"sandbox", NULL},
        {"sandboxmode", NULL},
        {"toollist", "tools"},
        {"toolset", "tools"},
        {"toolsets", "tools"},
        {"whitelist", "tools"},
};

/* Beginnings of keys that allow or forbid something. */
static const struct {
	const char *folded;
	const char *spelling;
} foreign_beginnings[] = {
        {"allow", "tools"},
        {"blocked", "disallowedTools"},
        {"denied", "disallowedTools"},
        {"deny", "disallowedTools"},
        {"disallow", "disallowedTools"},
        {"forbid", "disallowedTools"},
        {"prohibit", "disallowedTools"},
        {"restrict", "disallowedTools"},
};

/* Words that make a key which also speaks of tools a permission. */
static const char *const foreign_words[] = {
        "access", "allow",  "available", "banned", "block",  "denied", "deny",     "disable",
        "enable", "except", "exclu",     "forbid", "includ", "permit", "restrict", "without",
};

static struct folded fold(const char *text, size_t size, bool keep_foreign)
{
	struct folded folded = {0};

	for (size_t i = 0; i < size && folded.size + 1 < FOLDED_SIZE; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c == '-' || c == '_' || (c & 0xC0) == 0x80)
			continue;
		if (c >= 0x80 && !keep_foreign)
			continue;
		if (c >= 'A' && c <= 'Z')
			c = (unsigned char)(c - 'A' + 'a');
		folded.text[folded.size++] = (char)(c >= 0x80 ? FOREIGN : c);
	}
	return folded;
}

/* Edits between two folded words; a swap of neighbours counts as one, as typists make it. */
static size_t distance(const struct folded *a, const struct folded *b)
{
	size_t table[FOLDED_SIZE][FOLDED_SIZE];

	for (size_t i = 0; i <= a->size; i++)
		table[i][0] = i;
	for (size_t j = 0; j <= b->size; j++)
		table[0][j] = j;
	for (size_t i = 1; i <= a->size; i++) {
		for (size_t j = 1; j <= b->size; j++) {
			bool same = a->text[i - 1] == b->text[j - 1];
			size_t best = table[i - 1][j - 1] + !same;
			if (table[i - 1][j] + 1 < best)
				best = table[i - 1][j] + 1;
			if (table[i][j - 1] + 1 < best)
				best = table[i][j - 1] + 1;
			if (i > 1 && j > 1 && a->text[i - 1] == b->text[j - 2] &&
			    a->text[i - 2] == b->text[j - 1] && table[i - 2][j - 2] + 1 < best)
				best = table[i - 2][j - 2] + 1;
			table[i][j] = best;
		}
	}
	return table[a->size][b->size];
}

/* Two edits turn `tools` into `todos`, `hooks` or `goals`: of short keys, two edits count only
 * where the beginning is the same. */
static bool is_near(const struct folded *word, const char *key)
{
	enum {
		SHORT = 6,
		SAME_BEGINNING = 3,
	};
	struct folded folded_key = fold(key, strlen(key), true);
	size_t edits = distance(word, &folded_key);

	if (edits <= 1 || folded_key.size > SHORT)
		return edits <= 2;
	return edits == 2 && strncmp(word->text, folded_key.text, SAME_BEGINNING) == 0;
}

static const char *find_near(const struct folded *word)
{
	for (size_t i = 0; i < KNOWN_KEYS; i++) {
		if (key_bears_permission(known_keys[i].key.kind) &&
		    is_near(word, known_keys[i].folded))
			return known_keys[i].key.spelling;
	}
	return NULL;
}

/* True for a key that speaks of permissions; *spelling is then what probably was meant. */
static bool is_foreign(const struct folded *word, const char **spelling)
{
	*spelling = NULL;
	for (size_t i = 0; i < sizeof(foreign_keys) / sizeof(foreign_keys[0]); i++) {
		if (strcmp(word->text, foreign_keys[i].folded) == 0) {
			*spelling = foreign_keys[i].spelling;
			return true;
		}
	}
	for (size_t i = 0; i < sizeof(foreign_beginnings) / sizeof(foreign_beginnings[0]); i++) {
		const char *beginning = foreign_beginnings[i].folded;
		if (strncmp(word->text, beginning, strlen(beginning)) == 0) {
			*spelling = foreign_beginnings[i].spelling;
			return true;
		}
	}
	if (strstr(word->text, "permission"))
		return true;
	if (!strstr(word->text, "tool"))
		return false;
	for (size_t i = 0; i < sizeof(foreign_words) / sizeof(foreign_words[0]); i++) {
		if (strstr(word->text, foreign_words[i]))
			return true;
	}
	return false;
}

static const struct key *find_known(const struct folded *word)
{
	for (size_t i = 0; i < KNOWN_KEYS; i++) {
		if (strcmp(word->text, known_keys[i].folded) == 0)
			return &known_keys[i].key;
	}
	return NULL;
}

struct key key_of_size(const char *text, size_t size)
{
	struct folded word = fold(text, size, true);
	struct folded plain = fold(text, size, false);
	const struct key *known = find_known(&word);
	const char *spelling = NULL;

	if (known)
		return *known;
	/* Known but for characters beyond ASCII, which may well be invisible. */
	known = find_known(&plain);
	if (known && key_bears_permission(known->kind))
		return (struct key){KEY_MISTAKEN, known->spelling};
	spelling = find_near(&word);
	if (spelling || is_foreign(&plain, &spelling))
		return (struct key){KEY_MISTAKEN, spelling};
	return (struct key){KEY_OTHER, NULL};
}

struct key key_of(const char *text)
{
	return key_of_size(text, strlen(text));
}

bool key_bears_permission(enum key_kind kind)
{
	return kind != KEY_OTHER && kind != KEY_NAME;
}

bool key_is(const char *text, const char *key)
{
	struct folded a = fold(text, strlen(text), true);
	struct folded b = fold(key, strlen(key), true);

	return strcmp(a.text, b.text) == 0;
}

bool key_is_near(const char *text, const char *key)
{
	struct folded word = fold(text, strlen(text), true);

	return is_near(&word, key);
}

int key_refuse(const struct reading *reading, size_t line, const char *text, size_t size)
{
	struct key key = key_of_size(text, size);

	report_error(reading, line,
	             "the key `%s` seems to speak of permissions and is not understood",
	             excerpt_of_size(text, size).text);
	if (key.spelling)
		return error_help(reading->err, "did you mean `%s`?", key.spelling);
	return error_help(reading->err, "permissions are said with `tools`, `disallowedTools`, "
	                                "`tool_restrictions`, `capabilities`, `allowedTools` and "
	                                "`permissionMode`");
}
