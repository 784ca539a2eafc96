/* Arguments of calls: values that mean something, and some that do not. */
#include "fidelity.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

struct value {
	const char *name;
	long value;
};

#define VALUE(name)         \
	{                   \
#name, name \
	}
#define COUNT(table) (sizeof(table) / sizeof(*(table)))

/* Bits of open that are put together; each is there by the chance beside it. */
static const struct {
	struct value bit;
	unsigned chance;
} open_bits[] = {
        {VALUE(O_CREAT), 45},    {VALUE(O_EXCL), 12},       {VALUE(O_TRUNC), 15},
        {VALUE(O_APPEND), 10},   {VALUE(O_NONBLOCK), 25},   {VALUE(O_NOFOLLOW), 12},
        {VALUE(O_DIRECTORY), 8}, {VALUE(O_CLOEXEC), 30},    {VALUE(O_NOATIME), 4},
        {VALUE(O_SYNC), 3},      {VALUE(O_DSYNC), 3},       {VALUE(O_NOCTTY), 3},
        {VALUE(O_PATH), 8},      {VALUE(O_ASYNC), 2},       {VALUE(O_DIRECT), 2},
        {VALUE(O_LARGEFILE), 3}, {{"UNKNOWN", 1 << 29}, 1},
};
static const struct value access_ways[] = {
        VALUE(O_RDONLY), VALUE(O_WRONLY), VALUE(O_RDWR), {"O_ACCMODE", 3}};
static const struct value link_flags[] = {{"0", 0},
                                          {"0", 0},
                                          {"0", 0},
                                          VALUE(AT_SYMLINK_FOLLOW),
                                          VALUE(AT_EMPTY_PATH),
                                          {"AT_BOTH", 0x1400},
                                          {"UNKNOWN", 1}};
static const struct value rename_flags[] = {
        {"0", 0}, VALUE(RENAME_NOREPLACE), VALUE(RENAME_EXCHANGE), {"BOTH", 3}, {"UNKNOWN", 64}};
static const struct value unlink_flags[] = {
        {"0", 0}, {"0", 0}, VALUE(AT_REMOVEDIR), {"UNKNOWN", 1}};
static const struct value chmod_flags[] = {
        {"0", 0}, VALUE(AT_SYMLINK_NOFOLLOW), VALUE(AT_EMPTY_PATH), {"UNKNOWN", 1}};
static const struct value chown_flags[] = {{"0", 0},
                                           VALUE(AT_SYMLINK_NOFOLLOW),
                                           VALUE(AT_EMPTY_PATH),
                                           {"AT_BOTH", 0x1100},
                                           {"UNKNOWN", 1}};
static const struct value access_flags[] = {{"0", 0},
                                            VALUE(AT_EACCESS),
                                            VALUE(AT_SYMLINK_NOFOLLOW),
                                            VALUE(AT_EMPTY_PATH),
                                            {"UNKNOWN", 1}};
static const struct value access_modes[] = {VALUE(F_OK), VALUE(R_OK),  VALUE(W_OK),   VALUE(X_OK),
                                            {"R|W", 6},  {"R|W|X", 7}, {"UNKNOWN", 8}};
static const struct value xattr_flags[] = {
        {"0", 0}, VALUE(XATTR_CREATE), VALUE(XATTR_REPLACE), {"UNKNOWN", 4}};
static const struct value xattr_at_flags[] = {
        {"0", 0}, VALUE(AT_SYMLINK_NOFOLLOW), VALUE(AT_EMPTY_PATH), {"UNKNOWN", 1}};
static const struct value modes[] = {{"0644", 0644}, {"0755", 0755},   {"0777", 0777},
                                     {"0666", 0666}, {"0", 0},         {"0555", 0555},
                                     {"0444", 0444}, {"01777", 01777}, {"0100600", 0100600},
                                     {"0700", 0700}, {"0311", 0311}};
static const struct value node_types[] = {
        {"S_IFREG", S_IFREG}, {"0", 0},       VALUE(S_IFIFO), VALUE(S_IFIFO), VALUE(S_IFSOCK),
        VALUE(S_IFCHR),       VALUE(S_IFBLK), VALUE(S_IFDIR), VALUE(S_IFLNK), {"S_IFMT", S_IFMT}};
static const struct value sizes[] = {{"0", 0},          {"1", 1},   {"100", 100},
                                     {"5000", 5000},    {"-1", -1}, {"HUGE", 1L << 62},
                                     {"1<<20", 1 << 20}};

static long from(struct actor *actor, const struct value *values, size_t count)
{
	const struct value *chosen = &values[choose(actor, count)];

	say(actor, "%s", chosen->name);
	return chosen->value;
}

#define FROM(actor, table) from(actor, table, COUNT(table))

/* A mode from which most folders can still be entered. */
static long make_mode(struct actor *actor)
{
	return from(actor, modes, percent(actor, 60) ? 3 : COUNT(modes));
}

static long make_node_mode(struct actor *actor)
{
	long type = FROM(actor, node_types);

	say(actor, "|");
	return type | FROM(actor, modes);
}

static long make_open_flags(struct actor *actor)
{
	long flags = from(actor, access_ways, percent(actor, 95) ? 3 : 4);

	if (percent(actor, 4)) {
		say(actor, "|O_TMPFILE");
		flags |= O_TMPFILE;
	}
	for (size_t i = 0; i < COUNT(open_bits); i++) {
		if (!percent(actor, open_bits[i].chance))
			continue;
		say(actor, "|%s", open_bits[i].bit.name);
		flags |= open_bits[i].bit.value;
	}
	return flags;
}

static long make_folder(struct actor *actor)
{
	size_t drawn = choose(actor, 100);
	size_t slot = choose_slot(actor);

	actor->folder = AT_FDCWD;
	if (drawn >= 50 && (drawn < 90 || actor->tame)) {
		say(actor, "slot%zu", slot);
		return actor->folder = actor->slots[slot];
	}
	if (drawn >= 90) {
		static const int bad[] = {-1, 777, 1, -101};
		actor->folder = bad[drawn % 4];
		say(actor, "%d", actor->folder);
		return actor->folder;
	}
	say(actor, "AT_FDCWD");
	return AT_FDCWD;
}

static long make_descriptor(struct actor *actor)
{
	size_t slot = choose_slot(actor);

	if (percent(actor, 4) && !actor->tame) {
		say(actor, "777");
		return 777;
	}
	say(actor, "slot%zu", slot);
	return actor->slots[slot];
}

/* "foreign": an id that this user may not give; whether the tool's user namespace has it differs.
 */
static long make_owner(struct actor *actor)
{
	switch (choose(actor, 8)) {
	case 0:
	case 1:
		say(actor, "-1");
		return -1;
	case 2:
		say(actor, "foreign:0");
		return 0;
	case 3:
		say(actor, "foreign:12345");
		return 12345;
	default:
		say(actor, "own");
		return (long)getuid();
	}
}

static const struct timespec nano_times[][2] = {
        {{1000000, 5}, {2000000, 999999999}},
        {{0, UTIME_OMIT}, {3000000, 0}},
        {{4000000, 0}, {0, UTIME_OMIT}},
        {{0, UTIME_NOW}, {0, UTIME_NOW}},
        {{0, UTIME_OMIT}, {0, UTIME_OMIT}},
        {{0, UTIME_NOW}, {5000000, 0}},
        {{5, 1000000000}, {5, 0}},
        {{5, -1}, {5, 0}},
        {{-100, 0}, {-100, 0}},
        {{4102444800, 0}, {4102444800, 0}},
        {{12345, UTIME_OMIT}, {6000000, 111}},
};
static const struct timeval micro_times[][2] = {{{1000000, 5}, {2000000, 999999}},
                                                {{5, 1000000}, {5, 0}},
                                                {{5, -1}, {5, 0}},
                                                {{0, 0}, {0, 0}}};
static const struct utimbuf old_times[] = {{1000000, 2000000}, {0, 0}, {-5, 7000000}};

static long make_times(struct actor *actor, const char *table, size_t count, size_t size)
{
	size_t which = choose(actor, count + 2);

	if (which < count) {
		say(actor, "times%zu", which);
		return (long)(table + which * size);
	}
	say(actor, which == count ? "now" : "unreadable");
	return which == count ? 0 : 16;
}

static long make_attribute_name(struct actor *actor)
{
	static char longest[300];
	static const char *const attributes[] = {"user.a",    "user.a",  "user.b",    "user.c",
	                                         "user.",     "",        "trusted.a", "security.a",
	                                         "unknown.a", "unknown", longest};
	size_t which = choose(actor, COUNT(attributes) + 1);

	if (!longest[0]) {
		memset(longest, 'x', sizeof(longest) - 1);
		memcpy(longest, "user.", 5);
	}
	if (which == COUNT(attributes)) {
		say(actor, "unreadable");
		return 16;
	}
	say_text(actor, attributes[which]);
	return (long)attributes[which];
}

/* The size of the value that was made last. */
static _Thread_local size_t value_size;
static char value[70000];

static long make_attribute_value(struct actor *actor)
{
	static const size_t value_sizes[] = {0, 5, 5, 5, 1000, 5000, 65536, 65537};

	value_size = value_sizes[choose(actor, COUNT(value_sizes))];
	if (percent(actor, 6)) {
		say(actor, "unreadable, %zu", value_size);
		return 16;
	}
	say(actor, "value, %zu", value_size);
	return (long)value;
}

/* struct xattr_args, which headers do not have yet (Linux 6.13). */
static _Thread_local struct {
	uint64_t value;
	uint32_t size;
	uint32_t flags;
} attribute_arguments;

static long make_attribute_structure(struct actor *actor)
{
	say(actor, "{");
	attribute_arguments.value = (uint64_t)make_attribute_value(actor);
	attribute_arguments.size = (uint32_t)value_size;
	say(actor, ", ");
	attribute_arguments.flags = (uint32_t)FROM(actor, xattr_flags);
	say(actor, "}");
	return (long)&attribute_arguments;
}

/* A path that is not an address at all is cut: the structure must be readable here. */
static long make_address(struct actor *actor)
{
	const char *path;

	if (percent(actor, 5)) {
		say(actor, "unreadable");
		actor->address_size = sizeof(actor->address);
		return 16;
	}
	do {
		path = make_lasting_path(actor);
	} while ((uintptr_t)path < 4096 || (uintptr_t)path >= 0xffff800000000000u || !*path ||
	         path == actor->region[0] + REGION_SIZE - 2 ||
	         path == actor->region[1] + REGION_SIZE - 2);
	memset(&actor->address, 0, sizeof(actor->address));
	actor->address.sun_family = AF_UNIX;
	size_t length = strnlen(path, sizeof(actor->address.sun_path));
	memcpy(actor->address.sun_path, path, length);
	actor->address_size =
	        offsetof(struct sockaddr_un, sun_path) + length +
	        (size_t)(length < sizeof(actor->address.sun_path) && percent(actor, 80));
	if (percent(actor, 3)) {
		actor->address.sun_family = 77;
		say(actor, ", unknown family");
	}
	if (percent(actor, 3)) {
		actor->address_size = 300;
		say(actor, ", too long");
	}
	return (long)&actor->address;
}

static long make_number(struct actor *actor, enum argument kind)
{
	switch (kind) {
	case DEVICE:
		say(actor, "1:3");
		return 0x103;
	case SIZE:
		return FROM(actor, sizes);
	case ADDRESS_SIZE:
		say(actor, "%zu", actor->address_size - offsetof(struct sockaddr_un, sun_path));
		return (long)actor->address_size;
	case XATTR_VALUE_SIZE:
		return (long)value_size;
	case XATTR_STRUCTURE_SIZE:
		say(actor, "size");
		return percent(actor, 90) ? 16 : 8;
	default:
		return 0;
	}
}

static const struct {
	const struct value *values;
	size_t count;
} tables[ARGUMENTS] = {
#define TABLE(name)               \
	{                         \
		name, COUNT(name) \
	}
        [LINK_FLAGS] = TABLE(link_flags),     [RENAME_FLAGS] = TABLE(rename_flags),
        [UNLINK_FLAGS] = TABLE(unlink_flags), [CHMOD_FLAGS] = TABLE(chmod_flags),
        [CHOWN_FLAGS] = TABLE(chown_flags),   [TIME_FLAGS] = TABLE(chown_flags),
        [ACCESS_FLAGS] = TABLE(access_flags), [ACCESS_MODE] = TABLE(access_modes),
        [XATTR_FLAGS] = TABLE(xattr_flags),   [XATTR_AT_FLAGS] = TABLE(xattr_at_flags),
#undef TABLE
};

static long (*const makers[ARGUMENTS])(struct actor *actor) = {
        [FOLDER] = make_folder,
        [MODE] = make_mode,
        [NODE_MODE] = make_node_mode,
        [OPEN_FLAGS] = make_open_flags,
        [OWNER] = make_owner,
        [GROUP] = make_owner,
        [DESCRIPTOR] = make_descriptor,
        [XATTR_NAME] = make_attribute_name,
        [XATTR_VALUE] = make_attribute_value,
        [XATTR_STRUCTURE] = make_attribute_structure,
        [ADDRESS] = make_address,
};

/* Which arguments the kernel takes as 32 bits: whatever stands above does not count. */
static bool is_int(enum argument kind)
{
	return tables[kind].values || kind == FOLDER || kind == OPEN_FLAGS || kind == MODE ||
	       kind == NODE_MODE || kind == DESCRIPTOR || kind == OWNER || kind == GROUP;
}

long make_argument(struct actor *actor, enum argument kind)
{
	long result;

	if (kind == PATH)
		return (long)make_path(actor);
	if (kind == TARGET)
		return (long)make_target(actor);
	if (kind == TIMES_NANO)
		return make_times(actor, (const char *)nano_times, COUNT(nano_times),
		                  sizeof(*nano_times));
	if (kind == TIMES_MICRO)
		return make_times(actor, (const char *)micro_times, COUNT(micro_times),
		                  sizeof(*micro_times));
	if (kind == TIMES_OLD)
		return make_times(actor, (const char *)old_times, COUNT(old_times),
		                  sizeof(*old_times));
	if (tables[kind].values)
		/* The first means nothing special; it is chosen half the time. */
		result = from(actor, tables[kind].values,
		              percent(actor, 50) ? 1 : tables[kind].count);
	else
		result = makers[kind] ? makers[kind](actor) : make_number(actor, kind);
	if (is_int(kind) && actor->rubbish)
		return (long)(((uint64_t)result & 0xffffffffu) | actor->rubbish);
	return result;
}
