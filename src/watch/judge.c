#include "watch/judge.h"

#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"
#include "plan/landlock_rights.h"
#include "watch/peer.h"
#include "watch/process.h"
#include "watch/target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One call in the hands of the judge. */
struct judging {
	struct watch_context *context;
	pid_t thread;
	const struct watched_call *call;
	const struct seccomp_data *data;
	struct foreseen *out;
};

static uint64_t argument(const struct judging *judging, int number)
{
	return number == CALL_NONE ? 0 : judging->data->args[number];
}

void judge_foresee(const struct watch_context *context, enum effect effect, const char *target,
                   int error, struct foreseen *out)
{
	struct decision decision;

	policy_decide(context->policy, effect, target, &decision);
	const struct plan_mount *mount = watch_mount_of(context->plan, target);
	/* Where the rules would permit it, the way in which the tree was built does not. */
	const char *because = decision.verdict != VERDICT_ALLOW || !mount || !*mount->because
	                              ? decision.because
	                              : mount->because;
	*out = (struct foreseen){
	        .error = error,
	        .effect = effect,
	        .target = text_copy(target),
	        .verdict = decision.verdict == VERDICT_ASK ? VERDICT_ASK : VERDICT_DENY,
	        .because =
	                decision.mode_because && decision.cause == CAUSE_MODE
	                        ? text_printf("%s; mode %s", because, context->policy->mode->name)
	                        : text_copy(because),
	        .remedy = watch_remedy(context->policy, &decision, effect, target),
	};
	if (!out->target || !out->because)
		foreseen_clear(out);
}

static void foresee(const struct judging *judging, enum effect effect, const char *target,
                    int error)
{
	judge_foresee(judging->context, effect, target, error, judging->out);
}

/* What a phantom of the decoy is refused for: nothing of it may be learnt. */
static void foresee_look(const struct judging *judging, enum effect effect, const char *target)
{
	struct decision decision;

	policy_decide(judging->context->policy, EFFECT_READ, target, &decision);
	bool hidden = effect == EFFECT_READ && decision.class == DECISION_HIDDEN;
	foresee(judging, EFFECT_READ, target, hidden ? ENOENT : EACCES);
	judging->out->hidden = hidden;
	judging->out->effect = effect;
}

static int find(const struct judging *judging, int folder, int path, bool follow, bool empty,
                struct target *out)
{
	cleanup_free char *text = process_text(judging->thread, argument(judging, path));
	const struct target_request request = {
	        .thread = judging->thread,
	        .root = judging->context->root,
	        .folder = folder == CALL_NONE ? AT_FDCWD : (int)argument(judging, folder),
	        .path = text,
	        .follow = follow,
	        .empty = empty,
	};

	*out = (struct target){.holder = -1};
	return text ? target_find(&request, out) : -1;
}

static void judge_open(const struct judging *judging)
{
	const struct watched_call *call = judging->call;
	uint64_t flags =
	        call->flags == CALL_NONE ? call->open_flags : argument(judging, call->flags);
	cleanup_target struct target target = {.holder = -1};
	struct stat status;

	if (find(judging, call->folder, call->path, !(flags & (O_NOFOLLOW | O_EXCL)), false,
	         &target) < 0)
		return;
	if (flags & O_PATH) {
		if (target_phantom(&target))
			foresee_look(judging, EFFECT_READ, target.path);
		return;
	}
	if (!target_read_only(&target) || fstat(target.holder, &status) < 0)
		return;
	bool unnamed = (flags & O_TMPFILE) == O_TMPFILE;
	bool phantom = target_phantom(&target);
	bool makes = (flags & O_CREAT) && (!target.exists || phantom);
	bool changes = phantom || ((flags & (O_WRONLY | O_RDWR | O_TRUNC)) && target.exists &&
	                           S_ISREG(status.st_mode) && !(flags & O_EXCL && flags & O_CREAT));
	if (unnamed ? target.exists && S_ISDIR(status.st_mode) : makes || changes)
		foresee(judging, EFFECT_WRITE, target.path, EROFS);
}

static void judge_create(const struct judging *judging)
{
	const struct watched_call *call = judging->call;
	cleanup_target struct target target = {.holder = -1};

	if (find(judging, call->folder, call->path, false, false, &target) == 0 && !target.exists &&
	    target_read_only(&target))
		foresee(judging, EFFECT_WRITE, target.path, EROFS);
}

/* A name that is taken from its folder; the mount of the folder decides, unless the name is a
 * mount itself. Returns the errno that the kernel will answer with, or 0. */
static int removal_error(const struct judging *judging, int folder, int path, struct target *target)
{
	if (find(judging, folder, path, false, false, target) < 0 || !target->exists)
		return 0;
	if (target_mounted(target))
		return EBUSY;
	return target_read_only(target) ? EROFS : 0;
}

static void judge_remove(const struct judging *judging)
{
	cleanup_target struct target target = {.holder = -1};
	int error = removal_error(judging, judging->call->folder, judging->call->path, &target);

	if (error)
		foresee(judging, EFFECT_WRITE, target.path, error);
}

static void judge_rename(const struct judging *judging)
{
	const struct watched_call *call = judging->call;
	cleanup_target struct target from = {.holder = -1};
	cleanup_target struct target to = {.holder = -1};
	int error = removal_error(judging, call->folder, call->path, &from);

	if (error || !from.exists) {
		if (error)
			foresee(judging, EFFECT_WRITE, from.path, error);
		return;
	}
	if (find(judging, call->to_folder, call->to_path, false, false, &to) < 0)
		return;
	error = target_read_only(&to) ? EROFS : target_mounted(&to) ? EBUSY : 0;
	if (error)
		foresee(judging, EFFECT_WRITE, to.path, error);
}

/* Between mounts a link is EXDEV, as it is between file systems: of note only where somebody wants
 * a second name for what was not granted, or is refused by name. */
static bool is_refused_by_name(const struct judging *judging, const char *path)
{
	struct decision decision;

	policy_decide(judging->context->policy, EFFECT_WRITE, path, &decision);
	return decision.cause >= CAUSE_PROTECTED;
}

static void judge_link(const struct judging *judging)
{
	const struct watched_call *call = judging->call;
	uint64_t flags = argument(judging, call->flags);
	cleanup_target struct target from = {.holder = -1};
	cleanup_target struct target to = {.holder = -1};

	if (find(judging, call->folder, call->path, flags & AT_SYMLINK_FOLLOW,
	         flags & AT_EMPTY_PATH, &from) < 0 ||
	    !from.exists || find(judging, call->to_folder, call->to_path, false, false, &to) < 0 ||
	    to.exists)
		return;
	if (target_read_only(&to))
		foresee(judging, EFFECT_WRITE, to.path, EROFS);
	else if (target_phantom(&from) ||
	         (target_read_only(&from) && is_refused_by_name(judging, from.path)))
		foresee(judging, EFFECT_WRITE, from.path, EXDEV);
}

/* What has no path means the descriptor: futimens(3) is utimensat(2) with none. */
static int find_changed(const struct judging *judging, uint64_t flags, struct target *out)
{
	const struct watched_call *call = judging->call;

	if (call->folder != CALL_NONE &&
	    (call->path == CALL_NONE ||
	     (watched_call_may_lack_path(call) && argument(judging, call->path) == 0)))
		return target_opened(judging->thread, (int)argument(judging, call->folder), out);
	return find(judging, call->folder, call->path,
	            !call->no_follow && !(flags & AT_SYMLINK_NOFOLLOW), flags & AT_EMPTY_PATH, out);
}

static void judge_attributes(const struct judging *judging)
{
	cleanup_target struct target target = {.holder = -1};

	if (find_changed(judging, argument(judging, judging->call->flags), &target) == 0 &&
	    target.exists && target_read_only(&target))
		foresee(judging, EFFECT_WRITE, target.path, EROFS);
}

/* Where nobody else would be asked, the decoy does not hear of it. */
static void judge_look(const struct judging *judging)
{
	const struct watched_call *call = judging->call;
	uint64_t flags = argument(judging, call->flags);
	cleanup_target struct target target = {.holder = -1};

	if (find(judging, call->folder, call->path, !call->no_follow || flags & AT_SYMLINK_FOLLOW,
	         flags & AT_EMPTY_PATH, &target) == 0 &&
	    target_phantom(&target))
		foresee_look(judging, EFFECT_READ, target.path);
}

static bool may_execute(const struct plan *plan, const char *path)
{
	uint64_t execute = landlock_group(RIGHT_EXECUTE, plan->landlock_abi);

	for (size_t i = 0; i < plan->right_count; i++)
		if ((plan->rights[i].rights & execute) && path_within(path, plan->rights[i].path))
			return true;
	return false;
}

/* Landlock refuses it, where execution is limited to named programs. */
static void judge_execute(const struct judging *judging)
{
	const struct plan *plan = judging->context->plan;
	cleanup_target struct target target = {.holder = -1};
	struct stat status;

	if (find(judging, CALL_NONE, judging->call->path, true, false, &target) < 0 ||
	    !target.exists || fstat(target.holder, &status) < 0 || !S_ISREG(status.st_mode) ||
	    !(status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)))
		return;
	if (!may_execute(plan, target.path))
		foresee(judging, EFFECT_EXEC, target.path, EACCES);
}

/* Programs ask these on their own account, and do without where nobody answers. */
static bool is_usual_service(const char *path)
{
	static const char *const services[] = {"/run/nscd/socket", "/var/run/nscd/socket"};

	for (size_t i = 0; i < sizeof(services) / sizeof(*services); i++)
		if (strcmp(path, services[i]) == 0)
			return true;
	return false;
}

/* A socket by path: a name to be made, or one to be reached. */
static void judge_local(const struct judging *judging, const struct peer *peer)
{
	const struct target_request request = {
	        .thread = judging->thread,
	        .root = judging->context->root,
	        .folder = AT_FDCWD,
	        .path = peer->path,
	        .follow = judging->call->kind == CALL_CONNECT,
	};
	cleanup_target struct target target = {.holder = -1};

	if (target_find(&request, &target) < 0)
		return;
	if (judging->call->kind == CALL_CONNECT && target_phantom(&target) &&
	    !is_usual_service(target.path))
		foresee_look(judging, EFFECT_CONNECT, target.path);
	else if (judging->call->kind == CALL_BIND && !target.exists && target_read_only(&target))
		foresee(judging, EFFECT_WRITE, target.path, EROFS);
}

static void foresee_peer(const struct judging *judging, const struct peer *peer)
{
	char address[NETWORK_TARGET_SIZE];

	foresee(judging, EFFECT_CONNECT, peer->text, ENETUNREACH);
	if (!judging->out->error)
		return;
	network_address_text(&peer->address, 0, address);
	judging->out->address = text_copy(address);
	judging->out->port = peer->port;
}

static void judge_peer(const struct judging *judging)
{
	int address = judging->call->address;
	cleanup_peer struct peer peer = {0};

	if (peer_read(judging->thread, argument(judging, address), argument(judging, address + 1),
	              &peer) < 0)
		return;
	if (peer.path)
		judge_local(judging, &peer);
	else if (judging->call->kind == CALL_CONNECT && !peer.inside)
		foresee_peer(judging, &peer);
}

void judge_call(struct watch_context *context, pid_t thread, const struct watched_call *call,
                const struct seccomp_data *data, struct foreseen *out)
{
	static void (*const judges[])(const struct judging *judging) = {
	        [CALL_OPEN] = judge_open,       [CALL_CREATE] = judge_create,
	        [CALL_REMOVE] = judge_remove,   [CALL_RENAME] = judge_rename,
	        [CALL_LINK] = judge_link,       [CALL_ATTRIBUTES] = judge_attributes,
	        [CALL_EXECUTE] = judge_execute, [CALL_CONNECT] = judge_peer,
	        [CALL_BIND] = judge_peer,       [CALL_LOOK] = judge_look,
	        [CALL_ACCESS] = NULL,           [CALL_UMASK] = NULL, /* nothing is refused */
	};
	const struct judging judging = {context, thread, call, data, out};

	*out = (struct foreseen){0};
	if (!judges[call->kind] || (call->kind == CALL_EXECUTE && !context->plan->limited_exec))
		return;
	if (context->root < 0)
		context->root = process_root(thread);
	if (context->root >= 0)
		judges[call->kind](&judging);
}

void foreseen_clear(struct foreseen *foreseen)
{
	free(foreseen->target);
	free(foreseen->address);
	free(foreseen->because);
	free(foreseen->remedy);
	*foreseen = (struct foreseen){0};
}
