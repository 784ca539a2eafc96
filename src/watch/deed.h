/* One call in the hands of the broker, and what its parts share. */
#ifndef REMIT_WATCH_DEED_H
#define REMIT_WATCH_DEED_H

#include "watch/broker.h"
#include "watch/guard.h"
#include "watch/notify.h"
#include "watch/target.h"

#include <sys/types.h>

struct deed {
	struct watch_context *context;
	struct notice *notice;
	pid_t thread;
	const struct watched_call *call;
	struct outcome *out;
};

/* Argument `number` of the call; 0 where that is CALL_NONE. */
uint64_t deed_argument(const struct deed *deed, int number);

/* The same of flags: the kernel reads 32 bits, whatever stands above them. */
unsigned deed_flags(const struct deed *deed, int number);

/* The argument that stands `further` behind the path (see watched_call_next). */
uint64_t deed_next(const struct deed *deed, int further);

/* The text at that argument; NULL with the outcome set where it cannot be had. */
char *deed_text(const struct deed *deed, int number);

/* Finds what a path of the call means: relative to the descriptor at argument `folder`. False with
 * errno where there is nothing that can be named. */
bool deed_find(const struct deed *deed, int folder, const char *text, bool follow, bool empty,
               struct target *out);

/* Finds what stands at an absolute path, nothing at its end followed. */
bool deed_find_path(const struct deed *deed, const char *path, struct target *out);

/* The same of what the process can reach otherwise: it holds it open, or stands in it, whatever
 * became of the folders above. Of a path that the kernel told. */
bool deed_find_held(const struct deed *deed, const char *path, struct target *out);

/* Finds the folder and the name; false where the kernel is to answer. */
bool deed_name(const struct deed *deed, int folder, const char *text, struct target_name *out);

/* Whether both lie in one file system, which is not asked for it: it may never answer. */
bool deed_same_system(int a, int b);

/* Whether what is held has no name any more, or none yet: nobody else can reach it. */
bool deed_is_nameless(int holder, const char *path);

/* Whether two descriptors hold the same object. */
bool deed_same(int a, int b);

/* What the process holds open, where a path names its descriptor ("/proc/self/fd/3",
 * "/dev/stdout") and what that leads to is meant; O_PATH, owned by the caller; else -1. */
int deed_held(const struct deed *deed, const char *path, bool follow);

/* What `held` (O_PATH, of the process's) is in the broker's tree: itself where it came from there;
 * else found by its path, and the same object. -1 where there is none. */
int deed_twin(const struct deed *deed, int held);

/* Whether the project's mount, which the broker can write, holds it. */
bool deed_in_project(const struct deed *deed, int holder, const char *path);

/* The same without a call: NULL with errno. */
struct broker_lock *broker_lock(struct watch_context *context, int folder);

/* The names of the file system that holds `folder` stay as they are until this is unlocked. NULL
 * where that cannot be: nothing may be done then. */
struct broker_lock *deed_lock(const struct deed *deed, int folder);
void deed_unlock(struct broker_lock **place);

#define cleanup_lock __attribute__((cleanup(deed_unlock)))

/* Whether the process still waits, with what was read of it being its own. To be asked before
 * anything is done. */
bool deed_is_wanted(const struct deed *deed);

/* A name in a folder that stays where it is meanwhile. */
struct deed_place {
	struct target_name at;
	char *path; /* of the folder, inside; owned */
	struct broker_lock *lock;
};

/* Finds the folder and the name, and takes the lock. False with errno where the kernel is to
 * answer, or the outcome is set; the place is to be cleared in any case. */
bool deed_place(const struct deed *deed, int folder, const char *text, struct deed_place *out);
void deed_place_clear(struct deed_place *place);

/* Whether the name is one component with nothing behind it, neither "." nor "..". */
bool deed_place_is_plain(const struct deed_place *place);

#define cleanup_place __attribute__((cleanup(deed_place_clear)))

/* Sets the outcome from the result of a system call. */
void deed_finish(const struct deed *deed, int result);
void deed_fail(const struct deed *deed, int number);

/* Takes over the mask of the process that called. */
bool deed_take_umask(const struct deed *deed);

/* --- Verdicts (ruling.c) --- */

enum ruling {
	RULING_DO,      /* permitted */
	RULING_CONTENT, /* permitted where the content does no harm: `finding` */
	RULING_DONE,    /* refused, asked, or failed: the outcome is set */
};

/* A name that something happens to, under the lock. */
struct matter {
	int folder;       /* O_PATH */
	const char *path; /* of the folder, inside */
	const char *name; /* without slashes behind it */
	enum guard_deed deed;
	int object; /* O_PATH of what is put, shared or removed; -1 */
};

/* Rules on a name. `finding` is released by the caller. */
enum ruling ruling_of_name(const struct deed *deed, const struct matter *matter,
                           struct guard_finding *finding);

/* Whether a new file may come to stand there, with nothing to ask, to look at or to do before. */
bool ruling_is_plain(const struct deed *deed, const struct matter *matter);

/* Asks whether a protected name may be written, where its content may do harm, `because`. True:
 * yes. False: the outcome is set. */
bool ruling_asks(const struct deed *deed, const char *path, const char *because);

/* The topmost folder of the project that holds the path. */
const char *ruling_top(const struct policy *policy, const char *path);

/* Refuses the call because of what the policy says of `path`, or because of `because`. */
void ruling_refuse(const struct deed *deed, const char *path, const char *because);

/* Puts a copy of `config` in place of the file that the tool may hold open, before its folder
 * becomes a git folder. False with the outcome set where that cannot be. Under the lock. */
bool deed_seal_config(const struct deed *deed, int folder);

/* --- Deeds --- */

void deed_open(const struct deed *deed);
void deed_create(const struct deed *deed);
void deed_remove(const struct deed *deed);
void deed_rename(const struct deed *deed);
void deed_link(const struct deed *deed);
void deed_attributes(const struct deed *deed);
void deed_access(const struct deed *deed);
void deed_bind(const struct deed *deed);
void deed_umask(const struct deed *deed);

#endif
