/* Paths: names that are likely to be there, and every odd form. */
#include "fidelity.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Few, so that operations meet. None of them is a protected name. */
static const char *const names[] = {"a", "b", "c", "d", "e"};
static const char *const odd_names[] = {"a b", "\xff\x01", "\n",  "-",
                                        "*",   "...",      "a\"", "\xc3\xa4"};

enum { NAMES = sizeof(names) / sizeof(*names), ODD_NAMES = sizeof(odd_names) / sizeof(*odd_names) };

/* Where a string is put: mostly so that its end is the end of what is mapped, or across a page. */
static char *place(struct actor *actor, const char *text)
{
	char *region = actor->region[actor->regions++ % 2];
	size_t size = strlen(text) + 1;
	size_t room = REGION_SIZE - size;
	char *start = percent(actor, 30)   ? region + room
	              : percent(actor, 30) ? region + 4094
	                                   : region;

	if (size > REGION_SIZE - 4094 && start == region + 4094)
		start = region;
	return memcpy(start, text, size);
}

static void append(char *path, const char *text)
{
	size_t used = strlen(path);

	if (used + strlen(text) + 1 < REGION_SIZE)
		memcpy(path + used, text, strlen(text) + 1);
}

static void append_many(char *path, const char *text, size_t count)
{
	while (count-- > 0)
		append(path, text);
}

static void append_simple(struct actor *actor, char *path)
{
	size_t count = 1 + (size_t)percent(actor, 45) + (size_t)percent(actor, 15);

	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			append(path, "/");
		append(path, names[choose(actor, NAMES)]);
	}
}

static void plain(struct actor *actor, char *path)
{
	append_simple(actor, path);
}

static void trailing(struct actor *actor, char *path)
{
	static const char *const ends[] = {"/", "//", "/.", "/..", "/./", "/../", "/../."};

	append_simple(actor, path);
	append(path, ends[choose(actor, sizeof(ends) / sizeof(*ends))]);
}

static void leading(struct actor *actor, char *path)
{
	static const char *const starts[] = {"./", "a/../", ".//", "b/./", "../q/", "c//"};

	append(path, starts[choose(actor, sizeof(starts) / sizeof(*starts))]);
	append_simple(actor, path);
}

static void special(struct actor *actor, char *path)
{
	static const char *const whole[] = {"",     ".",    "..",    "./",
	                                    "a/..", "a/.",  "../q",  "../q/",
	                                    "b/..", ".//.", "../..", "../../r/q/a"};

	append(path, whole[choose(actor, sizeof(whole) / sizeof(*whole))]);
}

static void odd(struct actor *actor, char *path)
{
	append(path, odd_names[choose(actor, ODD_NAMES)]);
	if (percent(actor, 20))
		append(path, "/a");
}

/* At, just below and above what the kernel takes: 255 bytes a name, 4,095 a path. */
static void overlong(struct actor *actor, char *path)
{
	static const size_t lengths[] = {254, 255, 256, 300};
	static const size_t totals[] = {PATH_MAX - 2, PATH_MAX - 1, PATH_MAX, PATH_MAX + 1, 8000};
	size_t total;

	if (percent(actor, 50)) {
		if (percent(actor, 30))
			append(path, "a/");
		append_many(path, "x", lengths[choose(actor, 4)]);
		return;
	}
	total = totals[choose(actor, 5)];
	append_many(path, "./", (total - 1) / 2);
	append(path, total % 2 ? "a" : "/a");
}

/* Below the folder in which this sequence lies, from the root on. */
static void absolute(struct actor *actor, char *path)
{
	char *here = getcwd(path, PATH_MAX);

	if (!here || strncmp(path, actor->base, strlen(actor->base)) != 0)
		strcpy(path, actor->home);
	append(path, percent(actor, 10) ? "//" : "/");
	append_simple(actor, path);
}

static void by_process(struct actor *actor, char *path)
{
	static const char *const starts[] = {"/proc/self/cwd", "/proc/thread-self/cwd",
	                                     "/proc/self/root/proc/self/cwd",
	                                     "/proc/self/task/../cwd"};
	char own[32];

	if (percent(actor, 20) && !actor->lasting) {
		snprintf(own, sizeof(own), "/proc/%d/cwd", (int)getpid());
		append(path, own);
	} else {
		append(path, starts[choose(actor, sizeof(starts) / sizeof(*starts))]);
	}
	if (percent(actor, 85)) {
		append(path, "/");
		append_simple(actor, path);
	}
}

static void by_descriptor(struct actor *actor, char *path)
{
	char start[64];
	static const char *const folders[] = {"/proc/self/fd", "/dev/fd", "/proc/thread-self/fd"};
	int number = actor->slots[choose_slot(actor)];

	snprintf(start, sizeof(start), "%s/%d", folders[choose(actor, 3)], number);
	append(path, start);
	if (percent(actor, 30)) {
		append(path, "/");
		append_simple(actor, path);
	}
}

/* Written by the log as what it is; NULL: a form that is no string. */
static const struct {
	unsigned share;
	void (*make)(struct actor *actor, char *path);
} forms[] = {
        {60, plain},   {7, trailing}, {5, leading},    {6, special},       {3, odd},
        {3, overlong}, {5, absolute}, {4, by_process}, {6, by_descriptor}, {1, NULL},
};

/* No address, an address that nothing is mapped at, and a string without an end. */
static const char *unreadable(struct actor *actor)
{
	static const char *const bad[] = {(const char *)0, (const char *)1,
	                                  (const char *)0xffff800000000000u};
	size_t which = choose(actor, 4);

	say(actor, "unreadable:%zu", which);
	if (which < 3)
		return bad[which];
	char *region = actor->region[actor->regions++ % 2];
	region[REGION_SIZE - 2] = 'a';
	region[REGION_SIZE - 1] = 'b';
	return region + REGION_SIZE - 2;
}

static const char *make(struct actor *actor)
{
	char path[REGION_SIZE] = "";
	size_t form = 0;
	size_t drawn = choose(actor, 100);

	while (drawn >= forms[form].share)
		drawn -= forms[form++].share;
	if (actor->tame)
		form = 0;
	if (!forms[form].make)
		return actor->path = unreadable(actor);
	if (actor->tame && actor->folder < 0)
		append(path, actor->prefix);
	forms[form].make(actor, path);
	say_text(actor, path);
	return actor->path = place(actor, path);
}

const char *make_path(struct actor *actor)
{
	return make(actor);
}

const char *make_lasting_path(struct actor *actor)
{
	actor->lasting = true;
	const char *path = make(actor);
	actor->lasting = false;
	return path;
}

const char *make_target(struct actor *actor)
{
	static const char *const targets[] = {"a",    "b", "c",  "d/a", "../q/a",
	                                      "a/..", ".", "..", "e/"};

	if (!actor->tame && percent(actor, 30))
		return make_lasting_path(actor);
	const char *target = targets[choose(actor, actor->tame ? 3 : 9)];
	say_text(actor, target);
	return place(actor, target);
}
