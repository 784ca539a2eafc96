#include "watch/operation.h"

#include "base/cleanup.h"
#include "watch/process.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
	int number;
	struct operation operation;
} operations[] = {
        {SYS_execve, {"exec", EFFECT_EXEC}},         {SYS_execveat, {"exec", EFFECT_EXEC}},
        {SYS_connect, {"connect", EFFECT_CONNECT}},  {SYS_newfstatat, {"stat", EFFECT_READ}},
        {SYS_statx, {"stat", EFFECT_READ}},          {SYS_statfs, {"stat", EFFECT_READ}},
        {SYS_faccessat, {"access", EFFECT_READ}},    {SYS_chdir, {"chdir", EFFECT_READ}},
        {SYS_fchdir, {"chdir", EFFECT_READ}},        {SYS_readlinkat, {"readlink", EFFECT_READ}},
        {SYS_getxattr, {"getxattr", EFFECT_READ}},   {SYS_lgetxattr, {"getxattr", EFFECT_READ}},
        {SYS_listxattr, {"listxattr", EFFECT_READ}}, {SYS_llistxattr, {"listxattr", EFFECT_READ}},
#ifdef SYS_faccessat2
        {SYS_faccessat2, {"access", EFFECT_READ}},
#endif
#ifdef SYS_open /* and its like, which newer architectures do not have */
        {SYS_stat, {"stat", EFFECT_READ}},           {SYS_lstat, {"stat", EFFECT_READ}},
        {SYS_access, {"access", EFFECT_READ}},       {SYS_readlink, {"readlink", EFFECT_READ}},
#endif
};

struct operation operation_of(pid_t thread, const char *usual)
{
	char text[32];
	struct operation operation = {.name = usual, .effect = EFFECT_READ};

	cleanup_close int file = process_open(thread, "syscall", O_RDONLY);
	ssize_t size = file < 0 ? -1 : read(file, text, sizeof(text) - 1);
	if (size <= 0)
		return operation;
	text[size] = '\0';
	char *end;
	long number = strtol(text, &end, 10);
	if (end == text)
		return operation;
	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++)
		if (operations[i].number == number)
			operation = operations[i].operation;
	return operation;
}
