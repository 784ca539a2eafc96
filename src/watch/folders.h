/* Folders that were found just before: one call after the other mostly names the same. Each thread
 * keeps its own. */
#ifndef REMIT_WATCH_FOLDERS_H
#define REMIT_WATCH_FOLDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* What does not change of a folder that is kept. */
struct folder_facts {
	dev_t device;
	bool read_only; /* the mount that holds it */
};

/* Another call begins: descriptors that were lent to the one before may be closed. */
void folders_begin(void);

/* Who may search which folder has changed. To be called when that is done, before the call that
 * did it is answered; by any thread, for all of them. */
void folders_forget(void);

/* The same where the kernel will do it, for a call that was let go on: nothing is kept or recalled
 * until that is long done. */
void folders_forget_soon(void);

/* To be read before a folder is looked up that is to be kept. */
unsigned folders_age(void);

/* The folder that the first `size` characters of `path` led to shortly before, without a link on
 * the way: O_PATH, lent until folders_begin; -1 where none is kept. It may have been moved or
 * removed: only where the kernel still calls it by that path it is what a look-up would find. */
int folders_recall(const char *path, size_t size);

/* The same where the kernel does call it so now. */
int folders_recall_there(const char *path, size_t size);

/* `folder` was found there, at `age`. Returns whether it is kept: it is lent from then on. */
bool folders_keep(const char *path, size_t size, int folder, unsigned age);

/* What is known of a descriptor that is kept. */
bool folders_know(int folder, struct folder_facts *out);

#endif
