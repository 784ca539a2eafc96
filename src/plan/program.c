#include "plan/program.h"

#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool executable(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

int program_find(const char *name, const char *search_path, const char *directory, char **out,
                 struct error *err)
{
	*out = NULL;
	if (strchr(name, '/')) {
		*out = path_absolute(directory, name);
		return *out ? 0 : error_memory(err);
	}
	for (const char *entry = search_path; entry && *name;) {
		size_t length = strcspn(entry, ":");
		cleanup_free char *folder = text_copy_size(entry, length);
		cleanup_free char *base = folder ? path_absolute(directory, folder) : NULL;
		cleanup_free char *path = base ? path_join(base, name) : NULL;

		if (!path)
			return error_memory(err);
		if (executable(path)) {
			*out = steal_pointer(&path);
			return 0;
		}
		entry = entry[length] ? entry + length + 1 : NULL;
	}
	return 1;
}

/* The interpreter of a "#!" line, as execve(2) reads it: up to the first blank. */
static char *script_interpreter(const char *head, size_t size)
{
	size_t start = 2;

	while (start < size && (head[start] == ' ' || head[start] == '\t'))
		start++;
	size_t end = start;
	while (end < size && !strchr(" \t\n", head[end]))
		end++;
	return text_copy_size(head + start, end - start);
}

/* The PT_INTERP of a 64-bit ELF file of this byte order; NULL with errno 0 where there is none. */
static char *elf_interpreter(int file, const char *head, size_t size)
{
	Elf64_Ehdr header;

	errno = 0;
	if (size < sizeof(header))
		return NULL;
	memcpy(&header, head, sizeof(header));
	if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_phentsize != sizeof(Elf64_Phdr))
		return NULL;
	for (unsigned i = 0; i < header.e_phnum; i++) {
		Elf64_Phdr part;
		char path[PATH_MAX];
		off_t place = (off_t)header.e_phoff + (off_t)(i * sizeof(part));
		if (place < 0 || pread(file, &part, sizeof(part), place) != sizeof(part))
			break;
		if (part.p_type != PT_INTERP || part.p_filesz < 2 || part.p_filesz > sizeof(path))
			continue;
		ssize_t length = pread(file, path, part.p_filesz, (off_t)part.p_offset);
		errno = 0;
		if (length != (ssize_t)part.p_filesz || path[length - 1] != '\0')
			return NULL;
		return text_copy(path);
	}
	errno = 0;
	return NULL;
}

int program_interpreter(const char *path, char **out, struct error *err)
{
	cleanup_close int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char head[256];

	*out = NULL;
	if (file < 0)
		return 0;
	ssize_t size = read(file, head, sizeof(head));
	if (size < 4)
		return 0;
	if (head[0] == '#' && head[1] == '!') {
		*out = script_interpreter(head, (size_t)size);
		return *out ? 0 : error_memory(err);
	}
	if (memcmp(head, ELFMAG, SELFMAG) != 0)
		return 0;
	*out = elf_interpreter(file, head, (size_t)size);
	return *out || errno != ENOMEM ? 0 : error_memory(err);
}
