/* Theory of operation: the kernel asks for one name after the other (LOOKUP). A name of the
 * skeleton is answered for good; one that exists on the host is answered with a phantom of its type
 * and no rights, whose attributes are valid for no time at all. So the walk goes on to the end of
 * the path, and the operation that was meant arrives: GETATTR for stat and exec, OPEN, OPENDIR,
 * ACCESS for access and chdir, READLINK. That is where it is refused and recorded, with the whole
 * path. What does not exist on the host is ENOENT, without a word. */
#include "watch/decoy.h"

#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"
#include "watch/nodes.h"
#include "watch/operation.h"
#include "watch/process.h"
#include "watch/through.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
	/* Nodes are aligned better than this, so that no marked address is 0 or FUSE_ROOT_ID. */
	MARK_ALWAYS = 2,
	MARK_NEVER = 15,
};

/* Inode numbers stay exact where a program takes them for floating-point numbers. */
static const uint64_t mark_bits = (UINT64_C(1) << 48) - 1 - MARK_NEVER;

/* Seconds. What the plan made does not change. */
static const double for_good = 1e9;

struct decoy {
	struct watch_context *context;
	struct nodes *nodes;
	struct fuse_session *session;
	pthread_t thread;
	uint64_t mark; /* see number_of */
};

static struct decoy *decoy_of(fuse_req_t request)
{
	return fuse_req_userdata(request);
}

/* Numbers of nodes are addresses of nodes, and only those that the kernel was told of come back.
 * The tool sees them (as inode numbers, in file handles), so the addresses are marked with bits
 * that it does not know: where the watch has its memory is nothing for it. */
static fuse_ino_t number_of(const struct decoy *decoy, const struct node *node)
{
	return (fuse_ino_t)(uintptr_t)node ^ decoy->mark;
}

static struct node *node_of(fuse_req_t request, fuse_ino_t number)
{
	const struct decoy *decoy = decoy_of(request);

	return number == FUSE_ROOT_ID ? nodes_root(decoy->nodes)
	                              : (struct node *)(uintptr_t)(number ^ decoy->mark);
}

static void describe(const struct decoy *decoy, const struct node *node, struct stat *out)
{
	static const mode_t rights[] = {
	        [NODE_FOLDER] = 0555, [NODE_FILE] = 0444, [NODE_LINK] = 0777, [NODE_PHANTOM] = 0};

	*out = (struct stat){
	        .st_ino = number_of(decoy, node),
	        .st_mode = node->type | rights[node->kind],
	        .st_nlink = 1,
	        .st_size = node->text ? (off_t)strlen(node->text) : 0,
	};
}

/* --- Refusing -------------------------------------------------------------------------------- */

/* What the rules say of the operation. A path that they permit, and that is not there all the same,
 * did not exist when the sandbox was made. */
static void decide(const struct decoy *decoy, const char *path, enum effect effect,
                   const struct plan_mount *step, struct decision *out)
{
	policy_decide(decoy->context->policy, effect, path, out);
	if (effect == EFFECT_EXEC) {
		struct decision read;
		policy_decide(decoy->context->policy, EFFECT_READ, path, &read);
		if (out->verdict == VERDICT_ALLOW)
			*out = read;
		out->class = DECISION_DENIED;
	}
	if (step) {
		out->class = DECISION_DENIED;
		if (out->verdict == VERDICT_ALLOW || effect == EFFECT_EXEC) {
			out->verdict = VERDICT_DENY;
			out->cause = CAUSE_DENY;
			out->because = step->because;
		}
	}
}

/* Whether a run that learns is shown what is there; it is recorded all the same. */
static bool shows(const struct decoy *decoy, const char *path, const struct plan_mount *step)
{
	struct decision decision;

	if (!decoy->context->learn)
		return false;
	decide(decoy, path, EFFECT_READ, step, &decision);
	return decision.class == DECISION_HIDDEN;
}

/* Records what `path` is refused for; returns the errno of the answer. */
static int record(struct decoy *decoy, pid_t thread, const char *path,
                  const struct plan_mount *step, const char *usual)
{
	cleanup_process struct process process = {0};
	const struct operation operation = operation_of(thread, usual);
	struct decision decision;

	/* Connections are heard by the listener: what it lets go on is not worth a record. */
	if (operation.effect == EFFECT_CONNECT)
		return ENOENT;
	decide(decoy, path, operation.effect, step, &decision);
	if (decision.verdict == VERDICT_ALLOW)
		return ENOENT;
	bool hidden = decision.class == DECISION_HIDDEN || shows(decoy, path, step);
	int error = hidden ? ENOENT : EACCES;
	cleanup_free char *remedy =
	        watch_remedy(decoy->context->policy, &decision, operation.effect, path);
	process_describe(thread, &process);
	const struct refusal refusal = {
	        .pid = process.process,
	        .pid_inside = process.inside,
	        .parent = process.parent,
	        .comm = process.comm,
	        .exe = process.exe,
	        .effect = operation.effect,
	        .operation = operation.name,
	        .target = path,
	        .target_size = strlen(path),
	        .hidden = hidden,
	        .verdict = decision.verdict,
	        .error = error,
	        .layer = AUDIT_LAYER_DECOY,
	        .because = decision.because,
	        .remedy = remedy,
	};
	watch_record(decoy->context, &refusal);
	return error;
}

/* Answers with a refusal where the node is a phantom. The watch itself, which looks names up to
 * foresee what will be refused, is told of them. */
static bool refused(fuse_req_t request, const struct node *node, const char *usual)
{
	struct decoy *decoy = decoy_of(request);
	pid_t thread = fuse_req_ctx(request)->pid;

	if (node->kind != NODE_PHANTOM || watch_is_own(decoy->context, thread))
		return false;
	int error = record(decoy, thread, node->path, node->step, usual);
	if (shows(decoy, node->path, node->step))
		return false;
	fuse_reply_err(request, error);
	return true;
}

static bool is_shown(fuse_req_t request, const struct node *node)
{
	return node->kind == NODE_PHANTOM && shows(decoy_of(request), node->path, node->step);
}

/* --- Names ----------------------------------------------------------------------------------- */

/* The type of what stands on the host; 0 where nothing does. What the tool's id cannot look at is
 * nothing to it, unless it is refused by name: that may be anything, and a folder lets a walk go
 * on. The kernel opens fifos and devices by itself, without asking here: they are shown as files.
 */
static mode_t host_type(const struct decoy *decoy, const char *path)
{
	struct stat status;
	struct decision decision;

	if (lstat(path, &status) == 0)
		return through_type(status.st_mode);
	if (errno != EACCES)
		return 0;
	decide(decoy, path, EFFECT_READ, NULL, &decision);
	return decision.class == DECISION_DENIED ? S_IFDIR : 0;
}

static void reply_node(fuse_req_t request, struct node *node)
{
	struct fuse_entry_param entry = {
	        .ino = number_of(decoy_of(request), node),
	        .entry_timeout = node->fixed ? for_good : 0,
	        .attr_timeout = node->kind == NODE_PHANTOM ? 0 : for_good,
	};

	describe(decoy_of(request), node, &entry.attr);
	node->lookups++;
	fuse_reply_entry(request, &entry);
}

/* The kernel keeps the text of a link once a walk was led through it, and would then give it to
 * readlink(2), too. So every look-up gets a node of its own. */
static bool is_phantom_link(const struct node *node)
{
	return node->kind == NODE_PHANTOM && S_ISLNK(node->type);
}

static void answer_lookup(fuse_req_t request, fuse_ino_t number, const char *name)
{
	struct decoy *decoy = decoy_of(request);
	pid_t thread = fuse_req_ctx(request)->pid;
	char *path = path_join(node_of(request, number)->path, name);
	struct node *node = path ? nodes_find(decoy->nodes, path) : NULL;

	if (node && !is_phantom_link(node)) {
		free(path);
		reply_node(request, node);
		return;
	}
	mode_t type = path ? host_type(decoy, path) : 0;
	if (!type) {
		fuse_reply_err(request, path ? ENOENT : ENOMEM);
		free(path);
		return;
	}
	cleanup_free char *copy = text_copy(path);
	node = nodes_add_phantom(decoy->nodes, path, type);
	if (node)
		reply_node(request, node);
	else if (copy && !watch_is_own(decoy->context, thread))
		fuse_reply_err(request, record(decoy, thread, copy, NULL, "open"));
	else
		fuse_reply_err(request, ENOMEM);
}

static void answer_forget(fuse_req_t request, fuse_ino_t number, uint64_t count)
{
	if (number != FUSE_ROOT_ID)
		nodes_forget(decoy_of(request)->nodes, node_of(request, number), count);
	fuse_reply_none(request);
}

/* --- Operations ------------------------------------------------------------------------------ */

static void answer_attributes(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *file)
{
	const struct node *node = node_of(request, number);
	struct stat status;

	(void)file;
	if (refused(request, node, "stat"))
		return;
	if (is_shown(request, node)) {
		through_attributes(request, node->path, number);
		return;
	}
	describe(decoy_of(request), node, &status);
	fuse_reply_attr(request, &status, node->kind == NODE_PHANTOM ? 0 : for_good);
}

/* A link that was not granted leads nowhere, also on the way to what was: both must be permitted.
 * The watch itself is told, to find out what a path would mean. */
static void answer_readlink(fuse_req_t request, fuse_ino_t number)
{
	const struct node *node = node_of(request, number);

	if (node->text)
		fuse_reply_readlink(request, node->text);
	else if (!refused(request, node, "open"))
		through_link(request, node->path);
}

static void answer_open(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *file)
{
	const struct node *node = node_of(request, number);

	if (refused(request, node, "open"))
		return;
	if (is_shown(request, node))
		through_open(request, node->path, file);
	else /* files of the skeleton lie under what is mounted on them */
		fuse_reply_err(request, EACCES);
}

static void answer_read(fuse_req_t request, fuse_ino_t number, size_t size, off_t offset,
                        struct fuse_file_info *file)
{
	(void)number;
	through_read(request, size, offset, file);
}

static void answer_open_folder(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *file)
{
	const struct node *node = node_of(request, number);

	if (refused(request, node, "list"))
		return;
	if (node->kind == NODE_FOLDER)
		fuse_reply_open(request, file);
	else if (is_shown(request, node))
		through_open_folder(request, node->path, file);
	else
		fuse_reply_err(request, EACCES);
}

static void answer_access(fuse_req_t request, fuse_ino_t number, int mask)
{
	(void)mask; /* the mount is read-only, and everything else of the skeleton may be done */
	if (!refused(request, node_of(request, number), "access"))
		fuse_reply_err(request, 0);
}

static void answer_system(fuse_req_t request, fuse_ino_t number)
{
	const struct statvfs nothing = {.f_bsize = 4096, .f_frsize = 4096, .f_namemax = NAME_MAX};

	if (!refused(request, node_of(request, number), "stat"))
		fuse_reply_statfs(request, &nothing);
}

static void answer_attribute(fuse_req_t request, fuse_ino_t number, const char *name, size_t size)
{
	(void)name;
	(void)size;
	if (!refused(request, node_of(request, number), "getxattr"))
		fuse_reply_err(request, ENODATA);
}

static void answer_attribute_names(fuse_req_t request, fuse_ino_t number, size_t size)
{
	if (refused(request, node_of(request, number), "listxattr"))
		return;
	if (size)
		fuse_reply_buf(request, NULL, 0);
	else
		fuse_reply_xattr(request, 0);
}

/* The names that lead to something that was granted, from `offset` on. */
static void answer_list(fuse_req_t request, fuse_ino_t number, size_t size, off_t offset,
                        struct fuse_file_info *file)
{
	const struct node *node = node_of(request, number);
	cleanup_free char *names = malloc(size);
	size_t used = 0;
	off_t at = 0;

	if (file->fh) {
		through_list(request, size, offset, file);
		return;
	}
	if (!names) {
		fuse_reply_err(request, ENOMEM);
		return;
	}
	for (const struct node *child = node->children; child; child = child->sibling) {
		const struct stat status = {.st_ino = number_of(decoy_of(request), child),
		                            .st_mode = child->type};
		if (!child->listed || at++ < offset)
			continue;
		size_t needed = fuse_add_direntry(request, names + used, size - used,
		                                  path_name(child->path), &status, at);
		if (needed > size - used)
			break;
		used += needed;
	}
	fuse_reply_buf(request, names, used);
}

static void begin(void *data, struct fuse_conn_info *connection)
{
	(void)data;
	connection->want &= ~(unsigned)(FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE |
	                                FUSE_CAP_SPLICE_MOVE | FUSE_CAP_READDIRPLUS);
	/* Else /bin and /lib64 cost four questions for each program that is started. */
	connection->want |= connection->capable & FUSE_CAP_CACHE_SYMLINKS;
}

static const struct fuse_lowlevel_ops operations = {
        .init = begin,
        .lookup = answer_lookup,
        .forget = answer_forget,
        .getattr = answer_attributes,
        .readlink = answer_readlink,
        .open = answer_open,
        .read = answer_read,
        .release = through_release,
        .opendir = answer_open_folder,
        .readdir = answer_list,
        .releasedir = through_release_folder,
        .access = answer_access,
        .getxattr = answer_attribute,
        .listxattr = answer_attribute_names,
        .statfs = answer_system,
};

/* --- Serving -------------------------------------------------------------------------------- */

static _Noreturn void fail(const struct decoy *decoy, const char *what)
{
	struct error err = {0};

	error_system(&err, errno, "the decoy: %s", what);
	watch_fail(decoy->context, &err);
}

/* Answers must reach the kernel: who waits for one waits for good, and may be this process. ENOENT:
 * who asked was killed meanwhile. */
static ssize_t write_answer(int device, struct iovec *parts, int count, void *data)
{
	struct decoy *decoy = data;
	ssize_t size;

	do {
		size = writev(device, parts, count);
	} while (size < 0 && errno == EINTR);
	if (size < 0 && errno != ENOENT)
		fail(decoy, "answering");
	return size;
}

/* ENODEV: the mounts are gone. ENOENT: a question was taken back. */
static ssize_t read_question(int device, void *buffer, size_t size, void *data)
{
	struct decoy *decoy = data;
	ssize_t got;

	do {
		got = read(device, buffer, size);
	} while (got < 0 && (errno == EINTR || errno == ENOENT));
	if (got < 0 && errno != ENODEV)
		fail(decoy, "reading");
	return got;
}

static void *serve(void *data)
{
	struct decoy *decoy = data;
	struct fuse_buf buffer = {0};

	while (fuse_session_receive_buf(decoy->session, &buffer) > 0)
		fuse_session_process_buf(decoy->session, &buffer);
	if (!fuse_session_exited(decoy->session))
		fail(decoy, "receiving");
	return NULL;
}

static int start_session(struct decoy *decoy, int device, struct error *err)
{
	char name[] = "remit";
	char *arguments[] = {name, NULL};
	struct fuse_args list = FUSE_ARGS_INIT(1, arguments);
	static const struct fuse_custom_io calls = {.writev = write_answer, .read = read_question};

	decoy->session = fuse_session_new(&list, &operations, sizeof(operations), decoy);
	if (!decoy->session || fuse_session_custom_io(decoy->session, &calls, device) != 0)
		return error_set(err, "the decoy: libfuse cannot begin");
	return 0;
}

int decoy_start(struct watch_context *context, int device, struct error *err)
{
	struct decoy *decoy = calloc(1, sizeof(*decoy));

	if (!decoy)
		return error_memory(err);
	decoy->context = context;
	context->decoy = decoy;
	if (getrandom(&decoy->mark, sizeof(decoy->mark), 0) != (ssize_t)sizeof(decoy->mark))
		return error_system(err, errno, "random numbers");
	decoy->mark = (decoy->mark & mark_bits) | MARK_ALWAYS;
	/* Everything lives as long as the process. */
	if (nodes_new(context->plan, &decoy->nodes, err) < 0 ||
	    start_session(decoy, device, err) < 0)
		return -1;
	int number = pthread_create(&decoy->thread, NULL, serve, decoy);
	if (number)
		return error_system(err, number, "the decoy's thread");
	return 0;
}

int decoy_release(struct watch_context *context, const cpu_set_t *processors, struct error *err)
{
	int number =
	        pthread_setaffinity_np(context->decoy->thread, sizeof(*processors), processors);

	return number ? error_system(err, number, "sched_setaffinity") : 0;
}
