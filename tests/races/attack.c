#include "races.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const way_names[WAYS] = {"bytes of a path", "a symbolic link", "a folder above",
                                     "a folder that becomes a protected one",
                                     "a configuration that is written while it is put in place"};

enum { LENGTH = 9, EVERY = 64 }; /* of "permitted" and "forbidden"; rounds between looks */

/* What the callers of a way share with who changes the meaning. */
struct scene {
	enum way way;
	unsigned long rounds;
	bool until_reached;
	char memory[PATH_MAX];
	atomic_bool ended;
	atomic_int callers;
	atomic_bool reached;
	atomic_int written;     /* open for writing, or -1: its content changes */
	atomic_ulong permitted; /* calls that were let through: without any, nothing was tried */
};

/* Where the calls of a way go; the last byte is the letter of a call. */
static const char *const paths[WAYS] = {
        [BY_MEMORY] = "permitted/mx",
        [BY_LINK] = "permitted/link/lx",
        [BY_FOLDER] = "permitted/turn/below/fx",
        [BY_NAME] = "permitted/spare/nx",
        [BY_CONTENT] = "",
};

static int descriptor_is_forbidden(int file)
{
	char name[64];
	char target[PATH_MAX];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", file);
	ssize_t size = readlink(name, target, sizeof(target) - 1);
	if (size < 0)
		return 0;
	target[size] = '\0';
	return strstr(target, "/forbidden") != NULL || strstr(target, "/.git/hooks/") != NULL;
}

static int by_open(struct scene *scene, const char *path)
{
	/* The letter is another caller's, too: this may be its fifo. */
	int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0644);

	if (file < 0)
		return -1;
	/* The name may have moved since, in the way that is about names. */
	if (scene->way != BY_NAME && descriptor_is_forbidden(file))
		scene->reached = true;
	return close(file);
}

static int by_mkdir(struct scene *scene, const char *path)
{
	(void)scene;
	return mkdir(path, 0755);
}

static int by_rename(struct scene *scene, const char *path)
{
	char source[64];

	snprintf(source, sizeof(source), "permitted/source%d", scene->way);
	int file = open(source, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (file >= 0)
		close(file);
	return rename(source, path);
}

static int by_link(struct scene *scene, const char *path)
{
	(void)scene;
	return link("permitted/file", path);
}

static int by_symlink(struct scene *scene, const char *path)
{
	(void)scene;
	return symlink("file", path);
}

static int by_fifo(struct scene *scene, const char *path)
{
	(void)scene;
	return mknod(path, S_IFIFO | 0600, 0);
}

static int by_chmod(struct scene *scene, const char *path)
{
	(void)scene;
	return chmod(path, 0600);
}

static int by_truncate(struct scene *scene, const char *path)
{
	(void)scene;
	return truncate(path, 7);
}

/* Letters: v is a victim that lies in both folders from the start. */
static const struct {
	char letter;
	int (*call)(struct scene *scene, const char *path);
} calls[] = {{'o', by_open},    {'d', by_mkdir}, {'r', by_rename}, {'h', by_link},
             {'s', by_symlink}, {'f', by_fifo},  {'v', by_chmod},  {'v', by_truncate}};

enum { CALLS = sizeof(calls) / sizeof(*calls) };

static const char *path_of(struct scene *scene, char *own, unsigned long call)
{
	char *path = scene->way == BY_MEMORY ? scene->memory : own;
	size_t last = strlen(paths[scene->way]) - 1;

	/* Only the letter: the bytes before it are the other thread's. */
	path[last] = calls[call].letter;
	return path;
}

/* Of one length. */
static const char harmless[] = "[user]\n\tname = somebody, somewhere\n";
static const char harmful[] = "[core]\n\tfsmonitor = /tmp/harmful..\n";
_Static_assert(sizeof(harmless) == sizeof(harmful), "one takes the other's place");

/* As git does it: a lock is written and renamed; but its descriptor stays open, for another thread.
 */
static int configure(struct scene *scene)
{
	static const char lock[] = "permitted/kept/.git/config.lock";
	static const char config[] = "permitted/kept/.git/config";
	char text[256] = "";
	int file = open(lock, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (file < 0)
		return -1;
	int result = write(file, harmless, sizeof(harmless) - 1) < 0 ? -1 : 0;
	scene->written = file;
	if (result == 0)
		result = rename(lock, config);
	if (result < 0)
		unlink(lock);
	int published = open(config, O_RDONLY | O_CLOEXEC);
	if (published >= 0 && read(published, text, sizeof(text) - 1) > 0 &&
	    strstr(text, "fsmonitor"))
		scene->reached = true;
	if (published >= 0)
		close(published);
	scene->written = -1;
	close(file);
	return result;
}

static void *make_calls(void *argument)
{
	struct scene *scene = argument;
	char own[PATH_MAX];

	strcpy(own, paths[scene->way]);
	for (unsigned long round = 0; round < scene->rounds; round++) {
		if (scene->way == BY_CONTENT) {
			if (configure(scene) == 0)
				scene->permitted++;
			if (scene->until_reached && scene->reached)
				break;
			continue;
		}
		unsigned long call = round % CALLS;
		if (calls[call].call(scene, path_of(scene, own, call)) == 0)
			scene->permitted++;
		/* What was made is in the way of the next round. */
		if (calls[call].letter != 'v') {
			path_of(scene, own, call);
			char *name = scene->way == BY_MEMORY ? strdup(scene->memory) : strdup(own);
			if (name && strncmp(name, "permitted", LENGTH) == 0 && unlink(name) < 0 &&
			    errno == EISDIR)
				rmdir(name);
			free(name);
		}
		if (scene->until_reached && round % EVERY == 0 && scene->reached)
			break;
	}
	scene->callers--;
	return NULL;
}

static void turn(const char *one, const char *other)
{
	renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE);
}

/* An empty folder may become the hooks of a repository that is being made; one with something in it
 * may not, and nothing may be put into it then. */
static void become_hooks(struct scene *scene)
{
	struct stat status;
	char name[64];

	if (rename("permitted/spare", "permitted/made/.git/hooks") < 0)
		return;
	for (size_t i = 0; i < CALLS; i++) {
		snprintf(name, sizeof(name), "permitted/made/.git/hooks/n%c", calls[i].letter);
		if (lstat(name, &status) == 0)
			scene->reached = true;
	}
	if (scene->reached)
		return;
	rename("permitted/made/.git/hooks", "permitted/spare");
	mkdir("permitted/spare", 0755);
}

static void *change_meaning(void *argument)
{
	struct scene *scene = argument;

	while (scene->callers > 0 && !(scene->until_reached && scene->reached)) {
		switch (scene->way) {
		case BY_MEMORY:
			memcpy(scene->memory, "forbidden", LENGTH);
			/* Both are written: the compiler does not know who reads. */
			atomic_thread_fence(memory_order_seq_cst);
			__asm__ volatile("" ::"r"(scene->memory) : "memory");
			memcpy(scene->memory, "permitted", LENGTH);
			break;
		case BY_LINK:
			turn("permitted/link", "permitted/link.other");
			break;
		case BY_FOLDER:
			turn("permitted/turn", "permitted/turn.other");
			break;
		case BY_CONTENT:
			if (scene->written >= 0) {
				(void)!pwrite(scene->written, harmful, sizeof(harmful) - 1, 0);
				(void)!pwrite(scene->written, harmless, sizeof(harmless) - 1, 0);
			}
			break;
		default:
			become_hooks(scene);
		}
	}
	scene->ended = true;
	return NULL;
}

/* Whether something lies where nothing was: looked at from time to time. */
static void *look(void *argument)
{
	static const char letters[WAYS] = {'m', 'l', 'f', 'n', 'c'};
	struct scene *scene = argument;
	struct stat status;
	char name[64];

	while (!scene->ended) {
		for (size_t i = 0; i < CALLS; i++) {
			snprintf(name, sizeof(name), "forbidden/%c%c", letters[scene->way],
			         calls[i].letter);
			if (calls[i].letter != 'v' && lstat(name, &status) == 0)
				scene->reached = true;
		}
		usleep(1000);
	}
	return NULL;
}

static int make_place(void)
{
	int file = open("permitted/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (file < 0)
		return -1;
	close(file);
	mkdir("permitted/here", 0755);
	mkdir("permitted/turn", 0755);
	mkdir("permitted/turn/below", 0755);
	mkdir("permitted/turn.other", 0755);
	mkdir("permitted/spare", 0755);
	mkdir("permitted/made", 0755);
	mkdir("permitted/made/.git", 0755);
	mkdir("permitted/kept", 0755);
	mkdir("permitted/kept/.git", 0755);
	if (symlink("here", "permitted/link") < 0 && errno != EEXIST)
		return -1;
	if (symlink("../forbidden", "permitted/link.other") < 0 && errno != EEXIST)
		return -1;
	if (symlink("../../forbidden", "permitted/turn.other/below") < 0 && errno != EEXIST)
		return -1;
	return 0;
}

static int play(struct scene *scene)
{
	enum { CALLERS = 2 };
	pthread_t callers[CALLERS];
	pthread_t changer;
	pthread_t looker;

	strcpy(scene->memory, paths[scene->way]);
	scene->callers = CALLERS;
	if (pthread_create(&changer, NULL, change_meaning, scene) != 0 ||
	    pthread_create(&looker, NULL, look, scene) != 0)
		return -1;
	for (size_t i = 0; i < CALLERS; i++)
		if (pthread_create(&callers[i], NULL, make_calls, scene) != 0)
			return -1;
	for (size_t i = 0; i < CALLERS; i++)
		pthread_join(callers[i], NULL);
	pthread_join(changer, NULL);
	pthread_join(looker, NULL);
	printf("%s: %lu calls, %lu permitted%s\n", way_names[scene->way], scene->rounds * CALLERS,
	       scene->permitted, scene->reached ? ", something forbidden was reached" : "");
	return scene->permitted == 0 ? -1 : 0;
}

int attack(unsigned ways, unsigned long rounds, bool until_reached)
{
	int reached = 0;

	if (make_place() < 0) {
		perror("races: the place");
		return -1;
	}
	for (unsigned way = 0; way < WAYS; way++) {
		static struct scene scene;
		if (!(ways & 1U << way))
			continue;
		memset(&scene, 0, sizeof(scene));
		scene.way = way;
		scene.written = -1;
		scene.rounds = rounds;
		scene.until_reached = until_reached;
		if (play(&scene) < 0) {
			fprintf(stderr, "races: %s: not one call was permitted\n", way_names[way]);
			return -1;
		}
		if (scene.reached)
			reached |= 1 << way;
	}
	return reached;
}
