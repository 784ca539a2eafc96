/* Theory of operation
 *
 * A deed is judged in the folder where it happens. Three things may be of interest there:
 * - a folder on the way is a row of protected.yaml in a git folder: below `hooks` nothing may be
 * put but samples; below `modules` and `worktrees` all is the agent's work but for the git folders
 *   that stand there, which are judged like any other;
 * - the name itself is such a row, or `.git`: the table `rules` says what may come to stand there;
 * - the name completes a git folder: `objects` comes beside `refs`, or the other way round. Until
 *   then `config` and `hooks` beside them were nobody's, and anything may stand in them, so they
 * are looked at now.
 *
 * So that this holds, a folder which is a git folder stays one until it is taken apart, and is
 * looked at again when it is put together. Moving a folder changes nothing: what it holds goes
 * along, but for a relative path that leads out where the folder comes up (carried.c). Only a
 * folder that comes to stand at a name of the table gets a new meaning, and has to be empty. Nor do
 * the git folders of submodules move, which say by a path from where they stand where their work
 * trees are; and no link comes to stand on the way there (git_modules.c). */
#include "watch/guard.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "policy/tables.h"
#include "watch/git_modules.h"
#include "watch/git_place.h"
#include "watch/guard_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What may be done with a name of git's. */
enum rule {
	REFUSE,
	ADMIT,
	NEW,       /* a new file whose content is harmless */
	CONTENT,   /* a file, new or not, whose content is harmless */
	FILE_PUT,  /* a regular file of harmless content */
	EMPTY_PUT, /* an empty folder */
	EITHER_PUT,
	UNUSED, /* a folder stays, unless it is empty */
	WHOLE,  /* a git folder that holds those of submodules stays */
	IDLE,   /* what stands there is a folder without programs */
};

static const struct name_rules {
	enum guard_kind kind;
	bool by_place; /* means something in the own folder of a linked work tree only */
	enum rule rules[GUARD_DEEDS];
} name_rules[GIT_NAMES] = {
#define RULES(file, folder, put, remove)                                                      \
	{                                                                                     \
		[GUARD_MAKE_FILE] = (file), [GUARD_MAKE_FOLDER] = (folder),                   \
		[GUARD_MAKE_LINK] = REFUSE, [GUARD_MAKE_OTHER] = REFUSE, [GUARD_PUT] = (put), \
		[GUARD_REMOVE] = (remove), [GUARD_SHARE] = REFUSE, [GUARD_CHANGE] = ADMIT     \
	}
        [GIT_CONFIG] = {GUARD_CONFIG, false, RULES(NEW, REFUSE, FILE_PUT, ADMIT)},
        [GIT_CONFIG_WORKTREE] = {GUARD_CONFIG, false, RULES(NEW, REFUSE, FILE_PUT, ADMIT)},
        [GIT_COMMONDIR] = {GUARD_COMMONDIR, true, RULES(CONTENT, REFUSE, FILE_PUT, ADMIT)},
        [GIT_GITDIR] = {GUARD_GITDIR, true, RULES(CONTENT, REFUSE, FILE_PUT, ADMIT)},
        [GIT_DOT_GIT] = {GUARD_POINTER, false, RULES(CONTENT, ADMIT, EITHER_PUT, WHOLE)},
        [GIT_HOOKS] = {0, false, RULES(REFUSE, ADMIT, EMPTY_PUT, IDLE)},
        [GIT_MODULES] = {0, false, RULES(REFUSE, ADMIT, EMPTY_PUT, UNUSED)},
        [GIT_WORKTREES] = {0, false, RULES(REFUSE, ADMIT, EMPTY_PUT, ADMIT)},
#undef RULES
};

struct judgement {
	struct git_place *place;
	enum guard_deed deed;
	int object;
	bool exists;        /* something stands at the name */
	mode_t type;        /* its type, or 0 */
	mode_t object_type; /* 0 where there is none */
	struct guard_finding *out;
	struct error *err;
};

/* "protected.yaml:LINE .git/ROW" */
static char *because_of(enum git_name name)
{
	const char *text = git_name_text(name);

	for (size_t i = 0; i < table_protected_git_count; i++)
		if (strcmp(table_protected_git[i].path, text) == 0)
			return text_printf("protected.yaml:%u .git/%s", table_protected_git[i].line,
			                   text);
	return text_copy("protected.yaml: .git that is a file");
}

static int find(struct judgement *judge, enum guard_verdict verdict, enum git_name name)
{
	char *because = because_of(name);

	if (!because)
		return error_memory(judge->err);
	free(judge->out->because);
	judge->out->verdict = verdict;
	judge->out->kind = name_rules[name].kind;
	judge->out->because = because;
	judge->out->seal_config &= verdict != GUARD_PROTECTED;
	return 0;
}

static bool comes_to_stand(enum guard_deed deed)
{
	return deed <= GUARD_PUT;
}

/* --- The name itself ------------------------------------------------------------------------- */

static bool is_own_object_idle(const struct judgement *judge)
{
	return guard_is_idle(judge->object, ".", false);
}

/* A folder with something in it goes to another place: only then there is an object. */
static bool is_moved_in_use(const struct judgement *judge)
{
	return judge->deed == GUARD_REMOVE && S_ISDIR(judge->object_type) &&
	       !is_own_object_idle(judge);
}

/* The same of one that holds git folders of submodules: where their work trees are is said by paths
 * that begin there. */
static int moves_modules(const struct judgement *judge)
{
	const char *modules = git_name_text(GIT_MODULES);
	struct stat status;

	if (!is_moved_in_use(judge))
		return 0;
	int is = guard_look(judge->object, modules, &status, judge->err);
	return is <= 0 ? is : !guard_is_idle(judge->object, modules, false);
}

/* An enum guard_verdict, or negative where the disk cannot be asked. */
static int verdict_of(const struct judgement *judge, enum rule rule)
{
	bool regular = S_ISREG(judge->type);
	int is;

	switch (rule) {
	case REFUSE:
		break;
	case ADMIT:
		return GUARD_HARMLESS;
	case NEW:
		return judge->exists ? GUARD_PROTECTED : GUARD_CONTENT;
	case CONTENT:
		return !judge->exists || regular ? GUARD_CONTENT : GUARD_PROTECTED;
	case EITHER_PUT:
	case FILE_PUT:
		if (S_ISREG(judge->object_type))
			return GUARD_CONTENT;
		if (rule == FILE_PUT)
			break;
		__attribute__((fallthrough));
	case EMPTY_PUT:
		if (S_ISDIR(judge->object_type) && is_own_object_idle(judge))
			return GUARD_HARMLESS;
		break;
	case UNUSED:
		return is_moved_in_use(judge) ? GUARD_PROTECTED : GUARD_HARMLESS;
	case WHOLE:
		is = moves_modules(judge);
		return is < 0 ? is : (is ? GUARD_PROTECTED : GUARD_HARMLESS);
	case IDLE:
		if (guard_is_idle(judge->place->place->folder, judge->place->place->name, true))
			return GUARD_HARMLESS;
		break;
	}
	return GUARD_PROTECTED;
}

/* The kernel refuses these by itself, and says how. */
static bool is_void(const struct judgement *judge)
{
	switch (judge->deed) {
	case GUARD_MAKE_FILE:
		return S_ISDIR(judge->type);
	case GUARD_MAKE_FOLDER:
	case GUARD_MAKE_LINK:
	case GUARD_MAKE_OTHER:
		return judge->exists;
	case GUARD_REMOVE:
	case GUARD_SHARE:
	case GUARD_CHANGE:
		return !judge->exists;
	default:
		return false;
	}
}

/* With `commondir` the folder becomes one whose config.worktree is read. */
static int judge_pointer(struct judgement *judge, enum git_name name, int *verdict)
{
	int is = git_place_is_own(judge->place, judge->place->depth, judge->err);

	if (is > 0 && name == GIT_COMMONDIR && !judge->exists) {
		is = git_place_holds(judge->place, GIT_CONFIG_WORKTREE, judge->err);
		is = is < 0 ? is : !is;
	}
	if (is == 0 && *verdict == GUARD_CONTENT)
		*verdict = GUARD_PROTECTED;
	return is < 0 ? -1 : 0;
}

/* A name of the table, in a git folder. */
static int judge_row(struct judgement *judge, enum git_name name)
{
	const struct name_rules *row = &name_rules[name];
	int verdict = is_void(judge) ? GUARD_HARMLESS : verdict_of(judge, row->rules[judge->deed]);

	if (verdict < 0)
		return -1;
	if (row->by_place && judge_pointer(judge, name, &verdict) < 0)
		return -1;
	return find(judge, (enum guard_verdict)verdict, name);
}

/* --- What completes a git folder ------------------------------------------------------------- */

/* Whether `config` is absent or harmless; then, if it is there, it is to be sealed. */
static int is_config_harmless(struct judgement *judge)
{
	struct guard_place place = *judge->place->place;
	struct stat status;
	cleanup_free char *because = NULL;

	place.name = git_name_text(GIT_CONFIG);
	int is = guard_look(place.folder, place.name, &status, judge->err);
	if (is <= 0)
		return is < 0 ? is : 1;
	cleanup_close int file = guard_open_file(place.folder, place.name);
	if (file < 0)
		return 0;
	judge->out->seal_config = true;
	return guard_content(&place, GUARD_FRESH_CONFIG, file, &because, judge->err);
}

static int is_hooks_harmless(struct judgement *judge)
{
	int folder = judge->place->place->folder;
	int is = git_place_holds(judge->place, GIT_HOOKS, judge->err);

	return is <= 0 ? (is < 0 ? is : 1) : guard_is_idle(folder, git_name_text(GIT_HOOKS), true);
}

/* `name` is `objects` or `refs`. What stands beside it was not guarded until now, unless the folder
 * is called `.git`. */
static int judge_layout(struct judgement *judge, enum git_name name)
{
	static const enum git_name absent[] = {GIT_CONFIG_WORKTREE, GIT_COMMONDIR};
	struct git_place *place = judge->place;
	enum git_name other = name == GIT_OBJECTS ? GIT_REFS : GIT_OBJECTS;

	if (judge->exists || !comes_to_stand(judge->deed))
		return 0;
	int is = git_place_holds(place, other, judge->err);
	if (is <= 0)
		return is;
	is = place->depth ? git_place_is(place, place->depth - 1, GIT_DOT_GIT, judge->err) : 0;
	if (is)
		return is < 0 ? is : 0;
	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		if ((is = git_place_holds(place, absent[i], judge->err)) != 0)
			return is < 0 ? is : find(judge, GUARD_PROTECTED, absent[i]);
	if ((is = is_hooks_harmless(judge)) <= 0)
		return is < 0 ? is : find(judge, GUARD_PROTECTED, GIT_HOOKS);
	if ((is = is_config_harmless(judge)) <= 0)
		return is < 0 ? is : find(judge, GUARD_PROTECTED, GIT_CONFIG);
	return 0;
}

/* --- The folders on the way ------------------------------------------------------------------ */

/* Below a row that is no place for the agent's work. */
static int judge_below(struct judgement *judge, enum git_name row, bool directly)
{
	const char *name = judge->place->place->name;
	bool file = judge->deed == GUARD_PUT ? S_ISREG(judge->object_type)
	                                     : !judge->exists || S_ISREG(judge->type);
	bool links = judge->deed == GUARD_MAKE_FOLDER || judge->deed == GUARD_MAKE_LINK ||
	             judge->deed == GUARD_MAKE_OTHER;

	if (row == GIT_HOOKS && directly && guard_is_sample(name) && file && !links)
		return find(judge, GUARD_HARMLESS, row);
	return find(judge, is_void(judge) ? GUARD_HARMLESS : GUARD_PROTECTED, row);
}

/* A folder that comes to stand in `worktrees` would be a linked work tree's from then on. */
static int judge_own(struct judgement *judge)
{
	bool brings = judge->deed == GUARD_PUT && S_ISDIR(judge->object_type);

	if (!brings || is_own_object_idle(judge))
		return 0;
	return find(judge, GUARD_PROTECTED, GIT_WORKTREES);
}

/* A git folder of a submodule goes to another place. */
static bool judge_leaving(const struct judgement *judge, enum git_name row)
{
	return row == GIT_MODULES && is_moved_in_use(judge);
}

/* Component `number` of the way, if it is a row in a git folder. Returns 1 where that decides. */
static int judge_component(struct judgement *judge, size_t number)
{
	struct git_place *place = judge->place;
	enum git_name name = place->components[number].name;

	if (name == GIT_NONE || name >= GIT_DOT_GIT)
		return 0;
	int is = git_place_is(place, number, name, judge->err);
	if (is <= 0)
		return is;
	if ((is = git_place_is_git(place, number, judge->err)) <= 0)
		return is;
	bool directly = number + 1 == place->depth;
	if (name != GIT_MODULES && name != GIT_WORKTREES)
		return judge_below(judge, name, directly) < 0 ? -1 : 1;
	if (find(judge, GUARD_HARMLESS, name) < 0 ||
	    (directly && name == GIT_WORKTREES && judge_own(judge) < 0) ||
	    (judge_leaving(judge, name) && find(judge, GUARD_PROTECTED, name) < 0))
		return -1;
	return judge->out->verdict == GUARD_PROTECTED;
}

static int judge_name(struct judgement *judge)
{
	struct git_place *place = judge->place;
	enum git_name name = place->components[place->depth].name;
	int is = name == GIT_NONE ? 0 : git_place_is(place, place->depth, name, judge->err);

	if (is <= 0)
		return is;
	if (name == GIT_OBJECTS || name == GIT_REFS)
		return judge_layout(judge, name);
	if (name != GIT_DOT_GIT && name != GIT_COMMONDIR &&
	    (is = git_place_is_git(place, place->depth, judge->err)) <= 0)
		return is;
	return judge_row(judge, name);
}

static int judge_all(struct judgement *judge)
{
	for (size_t i = 0; i < judge->place->depth; i++) {
		int is = judge_component(judge, i);
		if (is)
			return is < 0 ? -1 : 0;
	}
	return judge_name(judge);
}

static int read_types(struct judgement *judge, const struct guard_place *place)
{
	struct stat status;
	int is = guard_look(place->folder, place->name, &status, judge->err);

	if (is < 0)
		return -1;
	judge->exists = is;
	judge->type = is ? status.st_mode & S_IFMT : 0;
	if (judge->object < 0)
		return 0;
	if (fstat(judge->object, &status) < 0)
		return error_system(judge->err, errno, "what is put there");
	judge->object_type = status.st_mode & S_IFMT;
	return 0;
}

/* A link, or a folder that may bring one along, on the way to the work tree of a submodule; or a
 * git folder, not called `.git`, that leaves with those of its submodules. */
static int judge_work_trees(struct judgement *judge)
{
	bool link = judge->deed == GUARD_MAKE_LINK ||
	            (judge->deed == GUARD_PUT && S_ISLNK(judge->object_type));
	bool folder = judge->deed == GUARD_PUT && S_ISDIR(judge->object_type);
	struct stat status;
	int is;

	if (link || folder)
		is = git_modules_misled(judge->place, link ? -1 : judge->object, judge->err);
	else if ((is = moves_modules(judge)) > 0 &&
	         (is = guard_look(judge->object, "objects", &status, judge->err)) > 0)
		is = guard_look(judge->object, "refs", &status, judge->err);
	return is > 0 ? find(judge, GUARD_PROTECTED, GIT_MODULES) : is;
}

/* Deeds by which the work tree of a submodule may come to lie elsewhere: whatever the name. */
static bool may_mislead(enum guard_deed deed, int object)
{
	struct stat status;

	if (deed == GUARD_MAKE_LINK)
		return true;
	if (object < 0 || (deed != GUARD_PUT && deed != GUARD_REMOVE))
		return false;
	return fstat(object, &status) < 0 || S_ISDIR(status.st_mode) || S_ISLNK(status.st_mode);
}

int guard_find(const struct guard_place *place, enum guard_deed deed, int object,
               struct guard_finding *out, struct error *err)
{
	*out = (struct guard_finding){.verdict = GUARD_FREE};
	if (!git_place_concerns(place) && !may_mislead(deed, object))
		return 0;

	cleanup_git_place struct git_place opened = {0};
	if (git_place_open(place, &opened, err) < 0)
		return -1;
	struct judgement judge = {
	        .place = &opened, .deed = deed, .object = object, .out = out, .err = err};
	int result = read_types(&judge, place);
	if (result == 0)
		result = judge_all(&judge);
	if (result == 0 && out->verdict != GUARD_PROTECTED)
		result = judge_work_trees(&judge);
	if (result < 0)
		guard_finding_clear(out);
	return result < 0 ? -1 : 0;
}

void guard_finding_clear(struct guard_finding *finding)
{
	free(finding->because);
	*finding = (struct guard_finding){.verdict = GUARD_FREE};
}
