#include "base/path.h"

#include "base/buffer.h"
#include "base/text.h"

#include <string.h>

/* Appends the names of `path` to the normal path in `out` ("" stands for "/"). */
static void append_names(struct buffer *out, const char *path)
{
	while (*path) {
		size_t length = strcspn(path, "/");

		if (length == 2 && path[0] == '.' && path[1] == '.') {
			while (out->size && out->data[--out->size] != '/')
				;
			if (out->data)
				out->data[out->size] = '\0';
		} else if (length && !(length == 1 && path[0] == '.')) {
			buffer_append(out, "/", 1);
			buffer_append(out, path, length);
		}
		path += length;
		path += strspn(path, "/");
	}
}

char *path_absolute(const char *base, const char *path)
{
	struct buffer out = {0};

	if (*path != '/')
		append_names(&out, base);
	append_names(&out, path);
	if (!out.size)
		buffer_append(&out, "/", 1);
	return buffer_steal(&out);
}

/* Called some ten thousand times a launch: most paths differ within a few letters. */
bool path_within(const char *path, const char *tree)
{
	if (tree[0] == '/' && tree[1] == '\0')
		return true;
	while (*tree && *path == *tree) {
		path++;
		tree++;
	}
	return *tree == '\0' && (*path == '\0' || *path == '/');
}

bool path_below(const char *path, const char *tree)
{
	return path_within(path, tree) && strcmp(path, tree) != 0;
}

char *path_join(const char *directory, const char *name)
{
	return text_printf("%s/%s", strcmp(directory, "/") == 0 ? "" : directory, name);
}

char *path_parent(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash || slash == path)
		return text_copy("/");
	return text_copy_size(path, (size_t)(slash - path));
}

const char *path_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

size_t path_depth(const char *path)
{
	size_t depth = 0;

	for (; *path; path++)
		depth += path[0] == '/' && path[1] != '\0';
	return depth;
}

int path_compare(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	/* The end of a name sorts first, then "/", then everything else. */
	int left = *a == '/' ? 1 : (unsigned char)*a + (*a != '\0');
	int right = *b == '/' ? 1 : (unsigned char)*b + (*b != '\0');
	return left - right;
}
