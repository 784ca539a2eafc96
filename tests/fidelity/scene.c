/* What is more than one call, or changes what later calls depend on. */
#include "fidelity.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { THREADS = 3, SCENE_OPERATIONS = 10 };

static void finish(struct actor *actor, long result)
{
	say_result(actor, result, errno);
	say(actor, "\n");
}

/* Above its own folder a sequence would meet others. */
static void stay(struct actor *actor)
{
	char here[8192];

	if (!getcwd(here, sizeof(here)) || strncmp(here, actor->home, strlen(actor->home)) == 0)
		return;
	say(actor, " and back");
	if (chdir(actor->home) < 0)
		say(actor, " in vain");
}

void change_folder(struct actor *actor)
{
	say(actor, "chdir(");
	const char *path = make_path(actor);
	say(actor, ")");
	long result = chdir(path);
	int error = errno;
	stay(actor);
	errno = error;
	finish(actor, result);
}

void change_folder_by_descriptor(struct actor *actor)
{
	size_t slot = choose_slot(actor);

	say(actor, "fchdir(slot%zu)", slot);
	long result = fchdir(actor->slots[slot]);
	int error = errno;
	stay(actor);
	errno = error;
	finish(actor, result);
}

/* So that what follows finds something: folders, files, links, and descriptors of some. */
void furnish(struct actor *actor)
{
	static const char *const top[] = {"a", "b", "c", "d", "e"};
	static const char *const targets[] = {"a", "b", "c", "d/a", "a/..", "e", "../q/b", "."};
	char path[16];

	say(actor, "furnish");
	for (size_t i = 0; i < 10; i++) {
		snprintf(path, sizeof(path), i < 5 ? "%s" : "%s/%c", top[i % 5],
		         'a' + (char)choose(actor, 5));
		size_t what = choose(actor, 12);
		int file = -1;
		if (what < 6) {
			say_result(actor, mkdir(path, 0755), errno);
			file = open(path, O_RDONLY | O_DIRECTORY | (what < 2 ? O_PATH : 0));
		} else if (what < 9) {
			file = open(path, (what == 6 ? O_RDONLY : O_RDWR) | O_CREAT | O_NONBLOCK,
			            0644);
			say_result(actor, file, errno);
			if (file >= 0 && what == 8)
				say_result(actor, write(file, path, strlen(path)), errno);
		} else if (what < 11) {
			say_result(actor, symlink(targets[choose(actor, 8)], path), errno);
		} else {
			say_result(actor, mkfifo(path, 0600), errno);
		}
		if (file >= 0)
			keep(actor, file);
	}
	say(actor, "\n");
}

void change_umask(struct actor *actor)
{
	static const mode_t masks[] = {0, 022, 027, 077, 0777, 0222, 002};
	mode_t mask = masks[choose(actor, sizeof(masks) / sizeof(*masks))];

	say(actor, "umask(%o) = %o\n", mask, umask(mask));
}

static void limit(struct actor *actor, const char *name, __rlimit_resource_t resource, rlim_t value)
{
	struct rlimit limits;

	getrlimit(resource, &limits);
	limits.rlim_cur = value < limits.rlim_max ? value : limits.rlim_max;
	say(actor, "limit of %s, %ld", name, (long)value);
	finish(actor, setrlimit(resource, &limits));
}

void limit_files(struct actor *actor)
{
	static const rlim_t values[] = {0, 3, 4, 5, 6, 512, 512};

	limit(actor, "descriptors", RLIMIT_NOFILE, values[choose(actor, 7)]);
}

void limit_size(struct actor *actor)
{
	static const rlim_t values[] = {0, 10, 3000, 1 << 30, 1 << 30};

	limit(actor, "size", RLIMIT_FSIZE, values[choose(actor, 5)]);
}

/* A device that is the same everywhere. */
void open_device(struct actor *actor)
{
	say(actor, "open(/dev/null, ");
	long flags = make_argument(actor, OPEN_FLAGS);
	say(actor, ")");
	int result = open("/dev/null", (int)flags, 0644);
	int error = errno;
	if (result >= 0) {
		say(actor, " = %d flags=%o\n", result, (unsigned)fcntl(result, F_GETFL));
		close(result);
	} else {
		errno = error;
		finish(actor, result);
	}
}

void close_descriptor(struct actor *actor)
{
	size_t slot = choose_slot(actor);

	say(actor, "close(slot%zu)", slot);
	int result = actor->slots[slot] < 0 ? 0 : close(actor->slots[slot]);
	actor->slots[slot] = -1;
	finish(actor, result);
}

void write_descriptor(struct actor *actor)
{
	char text[300];
	size_t slot = choose_slot(actor);
	size_t size = choose(actor, sizeof(text));
	struct stat status;

	memset(text, 'a' + (int)choose(actor, 26), sizeof(text));
	say(actor, "write(slot%zu, %zu)", slot, size);
	if (fstat(actor->slots[slot], &status) == 0 && !S_ISREG(status.st_mode))
		say(actor, " not a file\n");
	else
		finish(actor, write(actor->slots[slot], text, size));
}

void make_socket(struct actor *actor)
{
	int type = percent(actor, 70) ? SOCK_STREAM : SOCK_DGRAM;

	say(actor, "socket(%d)", type);
	int result = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (result >= 0) {
		say_descriptor(actor, result);
		keep(actor, result);
		say(actor, "\n");
	} else {
		finish(actor, result);
	}
}

/* The name that a socket has, and whether others find it by that. */
void listen_and_connect(struct actor *actor)
{
	size_t slot = choose_slot(actor);
	struct sockaddr_un address = {0};
	socklen_t size = sizeof(address);
	int listener = actor->slots[slot];

	say(actor, "getsockname(slot%zu)", slot);
	int result = getsockname(listener, (struct sockaddr *)&address, &size);
	say_result(actor, result, errno);
	if (result == 0) {
		char path[sizeof(address.sun_path) + 1] = "";
		size_t length = size - offsetof(struct sockaddr_un, sun_path);
		memcpy(path, address.sun_path, length < sizeof(path) ? length : sizeof(path) - 1);
		say(actor, " %u ", size);
		say_text(actor, path);
		result = listen(listener, 4);
		say_result(actor, result, errno);
		int peer = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		if (peer >= 0 && path[0])
			say_result(actor, connect(peer, (struct sockaddr *)&address, size), errno);
		if (peer >= 0)
			close(peer);
	}
	say(actor, "\n");
}

/* As setfacl does: what a new file in the folder is to have instead of the umask. */
void set_access_list(struct actor *actor)
{
	struct entry {
		uint16_t tag;
		uint16_t rights;
		uint32_t id;
	};
	struct {
		uint32_t version;
		struct entry entries[5];
	} list = {2,
	          {{1, 7, UINT32_MAX},
	           {2, 7, getuid()},
	           {4, (uint16_t)choose(actor, 8), UINT32_MAX},
	           {16, 7, UINT32_MAX},
	           {32, (uint16_t)choose(actor, 8), UINT32_MAX}}};
	const char *name =
	        percent(actor, 70) ? "system.posix_acl_default" : "system.posix_acl_access";

	say(actor, "setxattr(");
	const char *path = make_path(actor);
	say(actor, ", %s, %u, %u)", name, list.entries[2].rights, list.entries[4].rights);
	finish(actor, setxattr(path, name, &list, sizeof(list), 0));
}

/* A process of its own: its folder and umask are not its parent's. */
void be_two(struct actor *actor)
{
	size_t count = 2 + choose(actor, SCENE_OPERATIONS);
	int status = 0;

	say(actor, "fork {\n");
	/* The log is shared, the place in it is not. */
	pid_t child = fork();
	if (child == 0) {
		change_umask(actor);
		change_folder(actor);
		for (size_t i = 0; i < count; i++)
			operate(actor, percent(actor, 40));
		size_t *used = (size_t *)(void *)(actor->log->text + LOG_SIZE);
		*used = actor->log->used;
		_exit(0);
	}
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (child > 0 && status == 0)
		actor->log->used = *(size_t *)(void *)(actor->log->text + LOG_SIZE);
	say(actor, child < 0 ? "} no process\n" : "} status %x\n", status);
}

struct thread {
	struct actor actor;
	struct log log;
	pthread_t id;
	pthread_barrier_t *barrier;
	char prefix[8];
	bool apart; /* with a current folder, a umask and descriptors of its own */
};

static void *play(void *argument)
{
	struct thread *thread = argument;
	struct actor *actor = &thread->actor;

	if (thread->apart && unshare(CLONE_FS | CLONE_FILES) < 0)
		say(actor, "unshare failed\n");
	pthread_barrier_wait(thread->barrier);
	if (thread->apart) {
		say(actor, "chdir(%s)", thread->prefix);
		long result = chdir(thread->prefix);
		if (result < 0)
			actor->prefix = thread->prefix;
		finish(actor, result);
		change_umask(actor);
	}
	for (size_t i = 0; i < SCENE_OPERATIONS; i++)
		operate(actor, i < SCENE_OPERATIONS / 2);
	for (size_t i = 0; i < SLOTS; i++)
		if (actor->slots[i] >= 0)
			close(actor->slots[i]);
	/* Whose table of descriptors is its own must not end before the others have begun. */
	pthread_barrier_wait(thread->barrier);
	return NULL;
}

static bool prepare(struct actor *actor, struct thread *thread, unsigned number)
{
	thread->actor = *actor;
	thread->actor.state = mix(actor->state, number);
	thread->actor.log = &thread->log;
	thread->log.text = malloc(LOG_SIZE);
	snprintf(thread->prefix, sizeof(thread->prefix), "t%u/", number);
	thread->actor.tame = true;
	thread->actor.hide_numbers = !thread->apart;
	thread->actor.prefix = thread->apart ? "" : thread->prefix;
	for (size_t i = 0; i < SLOTS; i++)
		thread->actor.slots[i] = -1;
	for (size_t i = 0; i < 2; i++)
		thread->actor.region[i] = malloc(REGION_SIZE);
	mkdir(thread->prefix, 0777);
	return thread->log.text && thread->actor.region[0] && thread->actor.region[1];
}

/* Threads in folders of their own: what one does cannot depend on another. */
void be_many(struct actor *actor)
{
	struct thread threads[THREADS] = {0};
	struct rlimit limits;
	pthread_barrier_t barrier;

	say(actor, "threads {\n");
	getrlimit(RLIMIT_NOFILE, &limits);
	pthread_barrier_init(&barrier, NULL, THREADS);
	for (unsigned i = 0; i < THREADS; i++) {
		/* Who gets the last descriptor is not determined. */
		threads[i].apart = limits.rlim_cur < 64 || percent(actor, 50);
		threads[i].barrier = &barrier;
		if (!prepare(actor, &threads[i], i))
			abort();
	}
	for (unsigned i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i].id, NULL, play, &threads[i]) != 0)
			abort();
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(threads[i].id, NULL);
		say(actor, "thread %u\n", i);
		threads[i].log.text[threads[i].log.used] = '\0';
		/* Lines are as they are; a piece holds less than a line may have. */
		size_t room = LOG_SIZE - 1 - actor->log->used;
		size_t size = threads[i].log.used < room ? threads[i].log.used : room;
		memcpy(actor->log->text + actor->log->used, threads[i].log.text, size);
		actor->log->used += size;
		free(threads[i].log.text);
		free(threads[i].actor.region[0]);
		free(threads[i].actor.region[1]);
	}
	pthread_barrier_destroy(&barrier);
	say(actor, "}\n");
}

static void *open_for_reading(void *path)
{
	return (void *)(intptr_t)open(path, O_RDONLY | O_CLOEXEC);
}

/* Each end waits for the other. */
void meet_at_fifo(struct actor *actor)
{
	pthread_t reader;
	void *end = NULL;
	char byte = 0;
	char name[] = "meeting";

	say(actor, "fifo");
	int result = mknod(name, S_IFIFO | 0600, 0);
	say_result(actor, result, errno);
	int spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int second = open("/dev/null", O_RDONLY | O_CLOEXEC);
	/* With one descriptor too few, one end would wait for ever. */
	bool enough = spare >= 0 && second >= 0;
	close(spare);
	close(second);
	if (result == 0 && enough && access(name, R_OK | W_OK) == 0 &&
	    pthread_create(&reader, NULL, open_for_reading, name) == 0) {
		int writer = open(name, O_WRONLY | O_CLOEXEC);
		pthread_join(reader, &end);
		int readable = (int)(intptr_t)end;
		say(actor, " %s", writer >= 0 && readable >= 0 ? "met" : "not met");
		say_result(actor, write(writer, "x", 1), errno);
		say_result(actor, read(readable, &byte, 1), errno);
		close(writer);
		close(readable);
	}
	say_result(actor, unlink(name), errno);
	say(actor, "\n");
}

/* A current folder that is no more. */
void lose_folder(struct actor *actor)
{
	char here[8192];

	say(actor, "removed folder {\n");
	if (!getcwd(here, sizeof(here)) || mkdir("lost", 0700) < 0 || chdir("lost") < 0) {
		say(actor, "} not here\n");
		return;
	}
	say(actor, "rmdir");
	finish(actor, rmdir("../lost"));
	for (size_t i = 0; i < 4; i++)
		operate(actor, percent(actor, 60));
	say(actor, "} back");
	finish(actor, chdir(here));
}

/* The two ways in which a file without a name gets one. */
void publish_unnamed(struct actor *actor)
{
	char source[64] = "";
	bool by_link = percent(actor, 60);

	say(actor, "O_TMPFILE(");
	const char *path = make_path(actor);
	int flags = percent(actor, 70) ? 0 : O_EXCL;
	int file = open(path, O_TMPFILE | O_RDWR | O_CLOEXEC | flags, 0640);
	say(actor, "%s)", flags ? ", O_EXCL" : "");
	if (file < 0) {
		finish(actor, file);
		return;
	}
	say_descriptor(actor, file);
	say_result(actor, write(file, "unnamed", 7), errno);
	if (by_link)
		snprintf(source, sizeof(source), "/proc/self/fd/%d", file);
	say(actor, " as ");
	path = make_path(actor);
	finish(actor, linkat(by_link ? AT_FDCWD : file, source, AT_FDCWD, path,
	                     by_link ? AT_SYMLINK_FOLLOW : AT_EMPTY_PATH));
	keep(actor, file);
	say(actor, "\n");
}
