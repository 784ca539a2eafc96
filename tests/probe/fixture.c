/* probe fixture DIR: fills a folder that the readonly probes can change. Every probe gets a
 * folder of its own, DIR/cases/NAME, so that one does not spoil the next. */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum entry_kind { FOLDER, TEXT, LINK };

static const struct {
	enum entry_kind kind;
	const char *name;
	const char *content; /* of a file; where a link leads */
} entries[] = {
        {TEXT, "file", "original content\n"},
        {TEXT, "other", "another content\n"},
        {FOLDER, "folder", NULL},
        {TEXT, "folder/inner", "inner content\n"},
        {FOLDER, "empty", NULL},
        {LINK, "link", "file"},
        {LINK, "folder-link", "folder"},
};

static int make_text(int folder, const char *name, const char *content)
{
	int file = openat(folder, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
	int result = -1;

	if (file < 0)
		return -1;
	if (write(file, content, strlen(content)) == (ssize_t)strlen(content))
		result = 0;
	/* Not every file system has attributes; the probes then say `absent`. */
	if (fsetxattr(file, "user.remit", "1", 1, 0) != 0 && errno != EOPNOTSUPP)
		result = -1;
	return close(file) == 0 ? result : -1;
}

static int make_entry(int folder, size_t i)
{
	switch (entries[i].kind) {
	case FOLDER:
		return mkdirat(folder, entries[i].name, 0755);
	case TEXT:
		return make_text(folder, entries[i].name, entries[i].content);
	case LINK:
		return symlinkat(entries[i].content, folder, entries[i].name);
	}
	return -1;
}

static int make_case(int cases, const char *name)
{
	int folder;

	if (mkdirat(cases, name, 0755) != 0)
		return -1;
	folder = openat(cases, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return -1;
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
		if (make_entry(folder, i) != 0) {
			close(folder);
			return -1;
		}
	return close(folder);
}

static int make_cases(int cases, const struct probe *rows)
{
	for (const struct probe *row = rows; row->name; row++)
		if (make_case(cases, row->name) != 0) {
			fprintf(stderr, "probe: %s: %s\n", row->name, strerror(errno));
			return 1;
		}
	return 0;
}

int command_fixture(int count, char **arguments)
{
	int cases;

	if (count != 1) {
		fprintf(stderr, "usage: probe fixture DIR\n");
		return 2;
	}
	umask(022);
	if (chdir(arguments[0]) != 0 || mkdir("cases", 0755) != 0) {
		fprintf(stderr, "probe: %s: %s\n", arguments[0], strerror(errno));
		return 1;
	}
	cases = open("cases", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cases < 0 || make_cases(cases, readonly_probes) || make_cases(cases, inherited_probes))
		return 1;
	return close(cases) == 0 ? 0 : 1;
}
