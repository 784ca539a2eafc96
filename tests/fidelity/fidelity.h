/* Sequences of file operations out of a seed, each logged with what came of it.
 *
 * The same seed makes the same sequences, so what one process logs outside another must log inside.
 * An operation is made from (seed, sequence, place in it) alone: leaving others out does not change
 * it, and a sequence that fails can be made short. Nothing is logged that two runs need not have in
 * common: no inode, no device, no time but those that were set. */
#ifndef FIDELITY_H
#define FIDELITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

enum {
	SLOTS = 6,              /* descriptors that a sequence keeps */
	LOG_SIZE = 1 << 20,     /* bytes of one sequence */
	REGION_SIZE = 3 * 4096, /* for a path; what lies behind it is not mapped */
	BUILD_OPERATIONS = 14,  /* that mostly create, at the beginning */
};

struct log {
	char *text;
	size_t used;
};

/* One line of doing: a process, or a thread of one. */
struct actor {
	uint64_t state; /* of chance */
	struct log *log;
	const char *base; /* of all sequences; logged as @ */
	const char *home; /* folder in which the sequence begins, above which it does not go */
	int slots[SLOTS]; /* -1: none */
	char *region[2];  /* a call has two paths at most */
	size_t regions;   /* used by this call */
	const char *path; /* the last that was made; may not be readable */
	int folder;       /* the last that was named */
	struct sockaddr_un address;
	size_t address_size;
	uint64_t rubbish;   /* put into the upper half of 32-bit arguments */
	bool lasting;       /* the path is kept on the disk: no process number in it */
	bool tame;          /* beside other threads: only simple names, below `prefix` */
	bool hide_numbers;  /* beside other threads: which descriptor is free is not determined */
	const char *prefix; /* of every path that starts at the current folder */
};

/* chance.c */
uint64_t mix(uint64_t a, uint64_t b);
size_t choose(struct actor *actor, size_t count);
bool percent(struct actor *actor, unsigned chance);
size_t choose_slot(struct actor *actor);

/* log.c: a line is put together by pieces. Paths below the base are written from @ on. */
void say(struct actor *actor, const char *format, ...) __attribute__((format(printf, 2, 3)));
void say_text(struct actor *actor, const char *text);
void say_result(struct actor *actor, long result, int error);

/* path.c: all return what is handed to the kernel, which for some is no address at all. */
const char *make_path(struct actor *actor);
const char *make_lasting_path(struct actor *actor);
const char *make_target(struct actor *actor); /* of a symbolic link */

/* argument.c: an argument of a call, chosen and written to the log. */
enum argument {
	NO_ARGUMENT,
	FOLDER, /* of the at-family */
	PATH,
	TARGET,
	MODE,
	NODE_MODE,
	DEVICE,
	OPEN_FLAGS,
	LINK_FLAGS,
	RENAME_FLAGS,
	UNLINK_FLAGS,
	CHMOD_FLAGS,
	CHOWN_FLAGS,
	TIME_FLAGS,
	ACCESS_FLAGS,
	ACCESS_MODE,
	XATTR_FLAGS,
	XATTR_AT_FLAGS,
	XATTR_NAME,
	XATTR_VALUE,
	XATTR_VALUE_SIZE, /* of the value before it */
	XATTR_STRUCTURE,
	XATTR_STRUCTURE_SIZE,
	OWNER,
	GROUP,
	SIZE,
	TIMES_NANO,
	TIMES_MICRO,
	TIMES_OLD, /* of utime */
	DESCRIPTOR,
	ADDRESS,
	ADDRESS_SIZE,
	ARGUMENTS,
};
long make_argument(struct actor *actor, enum argument kind);

/* operation.c */
struct operation {
	const char *name;
	unsigned building; /* how often it is chosen at the beginning */
	unsigned later;
	long number; /* of the system call; 0: `perform` */
	enum argument arguments[6];
	bool opens; /* the result is a descriptor */
	void (*perform)(struct actor *actor);
};
extern const struct operation operations[];
extern const size_t operation_count;
void operate(struct actor *actor, bool building);
void keep(struct actor *actor, int descriptor);
bool would_wait(struct actor *actor, int folder, const char *path);

/* look.c: what is there, and how descriptors are. */
void look_stat(struct actor *actor);
void look_status(struct actor *actor);
void look_link(struct actor *actor);
void look_list(struct actor *actor);
void look_where(struct actor *actor);
void look_read(struct actor *actor);
void look_attributes(struct actor *actor);
void say_descriptor(struct actor *actor, int descriptor);

/* scene.c: what is more than a call. */
void furnish(struct actor *actor);
void change_folder(struct actor *actor);
void change_folder_by_descriptor(struct actor *actor);
void change_umask(struct actor *actor);
void limit_files(struct actor *actor);
void limit_size(struct actor *actor);
void open_device(struct actor *actor);
void close_descriptor(struct actor *actor);
void write_descriptor(struct actor *actor);
void make_socket(struct actor *actor);
void listen_and_connect(struct actor *actor);
void set_access_list(struct actor *actor);
void be_two(struct actor *actor);
void be_many(struct actor *actor);
void meet_at_fifo(struct actor *actor);
void lose_folder(struct actor *actor);
void publish_unnamed(struct actor *actor);

/* tree.c: prints what stands below a folder; a line a name. Folders that are closed are opened for
 * it. With `remove`, nothing is left of them. Returns negative on failure. */
int tree_print(const char *folder, bool remove);

#endif
