#include "watch/owner.h"

#include "base/cleanup.h"

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The number of the socket, as links to it have it; 0 where the table has none with this port. */
static unsigned long find_socket(pid_t inside, const char *table, unsigned port)
{
	char path[64];
	char line[512];

	snprintf(path, sizeof(path), "/proc/%d/net/%s", inside, table);
	cleanup_fclose FILE *file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		char *next = NULL;
		char *column = strtok_r(line, " ", &next);
		unsigned long number = 0;
		bool found = false;
		/* proc(5), tcp: own address:port is the second column, the number the tenth. */
		for (int i = 1; column && i <= 10; i++, column = strtok_r(NULL, " ", &next)) {
			const char *colon = strchr(column, ':');
			if (i == 2)
				found = colon && strtoul(colon + 1, NULL, 16) == port;
			else if (i == 10)
				number = strtoul(column, NULL, 10);
		}
		if (found && number)
			return number;
	}
	return 0;
}

static bool holds(const char *process, unsigned long number)
{
	char path[300];
	char wanted[40];
	char target[64];

	snprintf(path, sizeof(path), "/proc/%s/fd", process);
	snprintf(wanted, sizeof(wanted), "socket:[%lu]", number);
	DIR *folder = opendir(path);
	bool found = false;
	for (struct dirent *entry; folder && !found && (entry = readdir(folder));) {
		ssize_t size = readlinkat(dirfd(folder), entry->d_name, target, sizeof(target) - 1);
		target[size < 0 ? 0 : size] = '\0';
		found = strcmp(target, wanted) == 0;
	}
	if (folder)
		closedir(folder);
	return found;
}

static pid_t number_of(const char *text)
{
	char *end;
	long number = strtol(text, &end, 10);

	return *text && !*end && number > 0 && number <= INT_MAX ? (pid_t)number : 0;
}

pid_t owner_of_datagrams(pid_t inside, uint16_t port)
{
	unsigned long number = find_socket(inside, "udp", port);
	pid_t found = 0;

	if (!number)
		number = find_socket(inside, "udp6", port);
	DIR *folder = number ? opendir("/proc") : NULL;
	for (struct dirent *entry; folder && !found && (entry = readdir(folder));)
		if (number_of(entry->d_name) && holds(entry->d_name, number))
			found = number_of(entry->d_name);
	if (folder)
		closedir(folder);
	return found;
}

pid_t owner_number(int process)
{
	char path[64];
	char line[128];
	long number = 0;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", process);
	cleanup_fclose FILE *file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, "Pid:\t", 5) == 0)
			number = strtol(line + 5, NULL, 10);
	return number > 0 && number <= INT_MAX ? (pid_t)number : 0;
}
