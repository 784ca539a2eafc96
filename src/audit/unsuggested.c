#include "audit/unsuggested.h"

#include "policy/tables.h"

#include <string.h>

/* True where `names` ("a" or "a/b") stand in the path as whole names, one after the other. */
static bool holds_names(const char *path, size_t size, const char *names)
{
	size_t length = strlen(names);
	const char *end = path + size;

	for (const char *place = path; (size_t)(end - place) >= length; place++) {
		place = memmem(place, (size_t)(end - place), names, length);
		if (!place)
			return false;
		const char *behind = place + length;
		if (place > path && place[-1] == '/' && (behind == end || *behind == '/'))
			return true;
	}
	return false;
}

static bool is_below(const char *path, size_t size, const char *tree)
{
	size_t length = strlen(tree);

	return size >= length && memcmp(path, tree, length) == 0 &&
	       (size == length || path[length] == '/');
}

static bool is_secret(const char *path, size_t size)
{
	for (size_t i = 0; i < table_secrets_count; i++) {
		const char *secret = table_secrets[i].path;
		if (strncmp(secret, "~/", 2) == 0 ? holds_names(path, size, secret + 2)
		                                  : is_below(path, size, secret))
			return true;
	}
	return false;
}

/* Of a git folder everything counts: it may have any name, and what may be written there is
 * permitted without a grant. */
static bool is_protected(const char *path, size_t size)
{
	if (holds_names(path, size, ".git"))
		return true;
	for (size_t i = 0; i < table_protected_root_count; i++)
		if (holds_names(path, size, table_protected_root[i].path))
			return true;
	return false;
}

bool unsuggested_path(enum effect effect, const char *path, size_t size)
{
	return is_secret(path, size) || (effect == EFFECT_WRITE && is_protected(path, size));
}
