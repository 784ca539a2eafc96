/* Names by which a confined tool would get code run later, outside: git internals at any depth, in
 * repositories that exist and in ones that are being made. What a path alone tells is decided by
 * the policy's rules; here is what only the folder on the disk tells.
 *
 * Everything is looked at by descriptor, from the folder of the name: who calls holds the one lock
 * under which names of the project change, so nothing moves between the look and the deed. */
#ifndef REMIT_WATCH_GUARD_H
#define REMIT_WATCH_GUARD_H

#include "base/error.h"

#include <stdbool.h>
#include <sys/types.h>

/* A name in a folder, whether or not something stands there. */
struct guard_place {
	int folder;       /* O_PATH of the folder */
	const char *path; /* absolute and normal path of the folder, inside */
	const char *name; /* one component, without slashes */
	const char *top;  /* root of the tree that may be written: nothing above it is looked at */
};

enum guard_deed {
	GUARD_MAKE_FILE,   /* a new file, or one opened for writing, truncated */
	GUARD_MAKE_FOLDER, /* a new, empty folder */
	GUARD_MAKE_LINK,   /* a symbolic link */
	GUARD_MAKE_OTHER,  /* fifo, socket, device */
	GUARD_PUT,    /* an existing object (`object`) comes to stand at the name: rename, link */
	GUARD_REMOVE, /* the name goes away: unlink, rmdir, the source of a rename */
	GUARD_CHANGE, /* attributes of what stands at the name (`object`) */
	GUARD_SHARE,  /* what stands at the name gets a second name: the source of a link */
	GUARD_DEEDS,
};

enum guard_verdict {
	GUARD_FREE,      /* nothing to say: the policy decides */
	GUARD_PROTECTED, /* as a protected path of the policy: the mode decides, mostly `ask` */
	GUARD_HARMLESS,  /* of a protected name, but nothing comes of it: an empty `hooks`, a sample
	                  */
	GUARD_CONTENT,   /* what comes to stand there decides: see guard_content */
};

/* What a file has to be so that it does no harm. */
enum guard_kind {
	/* Git's configuration: every variable is on the list of git-config.yaml, but for those that
	 * stand in the file of the place already, which may not change. */
	GUARD_CONFIG,
	GUARD_FRESH_CONFIG, /* the same, whatever stands there: of what becomes a git folder */
	GUARD_POINTER,      /* `.git` that is a file: "gitdir: PATH" */
	GUARD_COMMONDIR,    /* of a linked work tree: "../.." */
	GUARD_GITDIR,       /* of a linked work tree: where its `.git` file stands */
};

struct guard_finding {
	enum guard_verdict verdict;
	enum guard_kind kind; /* GUARD_CONTENT */
	char *because;        /* "protected.yaml:12 .git/hooks"; owned; NULL for GUARD_FREE */
	/* The deed makes a git folder of what was none: the file `config` in it, which the tool may
	 * still hold open, has to be replaced by a copy first, and the copy to be judged again
	 * (guard_content, GUARD_FRESH_CONFIG, with `config` as the name) before the deed is done.
	 */
	bool seal_config;
};

/* `object`: O_PATH of what is put or shared, or of what a rename takes away (GUARD_REMOVE); -1 for
 * the other deeds. Returns 0 and a finding
 * to be released with guard_finding_clear; negative where the disk cannot be asked: the deed is
 * refused then. */
int guard_find(const struct guard_place *place, enum guard_deed deed, int object,
               struct guard_finding *out, struct error *err);

void guard_finding_clear(struct guard_finding *finding);

#define cleanup_guard_finding __attribute__((cleanup(guard_finding_clear)))

/* Whether a file of that content, at that place, does no harm. Reads `file` (for reading, at any
 * offset; its offset is left alone) up to a bound of its own. Returns 1; 0 with `*because` saying
 * which line or key does ("git-config: core.fsmonitor"; owned by the caller); negative where it
 * cannot be read. */
int guard_content(const struct guard_place *place, enum guard_kind kind, int file, char **because,
                  struct error *err);

/* The path of the place with its name, in the spelling of the policy: where a file system takes
 * `.VSCode` or `.g\u200cit` for a name of protected.yaml, the policy has to be asked about that
 * name.
 * `*out` is owned by the caller; NULL where the path is so already, or is another name's. Asks the
 * disk only where a spelling is odd. Returns 0, or negative. */
int guard_spell(const struct guard_place *place, char **out, struct error *err);

#endif
