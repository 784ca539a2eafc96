#include "library/remember.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/escape.h"
#include "base/file.h"
#include "base/path.h"
#include "base/text.h"
#include "base/utf8.h"
#include "library/approve_way.h"
#include "library/output.h"
#include "policy/grammar.h"
#include "policy/rule.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	TARGETS_MOST = 1000, /* of one effect: more is nothing that a person reads */
};

static const char option[] = "--remember";

/* By its first line a file is known for one of ours. */
static const char heading[] = "# remit: what was permitted when it was asked about.\n";
static const char advice[] = "# Read it before you pass it back (remit run -p FILE).\n";

/* Targets as a policy has them. */
struct targets {
	char **items;
	size_t count, capacity;
};

struct remember {
	const struct policy *policy;
	int folder; /* that the file lies in */
	char *name; /* in it */
	struct targets targets[EFFECT_COUNT];
};

/* --- Targets ---------------------------------------------------------------------------------- */

static bool has(const struct targets *targets, const char *text)
{
	for (size_t i = 0; i < targets->count; i++)
		if (strcmp(targets->items[i], text) == 0)
			return true;
	return false;
}

/* Takes `text` over. */
static int add(struct targets *targets, char *text, struct error *err)
{
	void *items = targets->items;

	if (!text || array_reserve(&items, &targets->capacity, targets->count + 1,
	                           sizeof(*targets->items)) < 0) {
		free(text);
		return error_memory(err);
	}
	targets->items = items;
	targets->items[targets->count++] = text;
	return 0;
}

/* What a grant has to name. All of an effect is the project, since nothing else is asked about; of
 * connections it is nothing, since no file should say `*` that nobody wrote. */
static char *place_of(const struct remember *remember, const struct question *question,
                      enum answer_scope scope)
{
	if (scope == ANSWER_ONCE)
		return text_copy(question->target);
	if (scope == ANSWER_FOLDER)
		return approve_folder(question);
	return text_copy(question->effect == EFFECT_WRITE ? remember->policy->workspace
	                                                  : question->target);
}

/* A folder that holds the project would open more than was meant. */
static bool is_too_wide(const struct remember *remember, const struct question *question,
                        const char *place)
{
	return question->effect == EFFECT_WRITE && path_below(remember->policy->workspace, place);
}

/* NULL, without an error, where no grant can or should say it. */
static char *grant_of(const struct remember *remember, const struct question *question,
                      enum answer_scope scope, struct error *err)
{
	cleanup_free char *place = place_of(remember, question, scope);

	/* A look-up speaks of every port; which of them is permitted, the connection says. */
	if (scope != ANSWER_FOLDER && strcmp(question->operation, "resolve") == 0)
		return NULL;
	if (!place) {
		error_memory(err);
		return NULL;
	}
	if (is_too_wide(remember, question, place) || !utf8_valid(place, strlen(place)))
		return NULL;
	char *grant = NULL;

	if (rule_target_literal(question->effect, place, &grant) < 0)
		error_memory(err);
	return grant;
}

/* --- The file --------------------------------------------------------------------------------- */

static void write_policy(const struct remember *remember, struct buffer *out)
{
	bool any = false;

	buffer_append_text(out, heading);
	buffer_append_text(out, advice);
	buffer_append_text(out, "version: 1\n");
	for (size_t effect = 0; effect < EFFECT_COUNT; effect++) {
		const struct targets *targets = &remember->targets[effect];
		if (!targets->count)
			continue;
		buffer_append_text(out, any ? "" : "grant:\n");
		any = true;
		buffer_printf(out, "  %s:\n", effect_name((enum effect)effect));
		for (size_t i = 0; i < targets->count; i++) {
			buffer_append_text(out, "    - \"");
			escape_yaml(out, targets->items[i], strlen(targets->items[i]));
			buffer_append_text(out, "\"\n");
		}
	}
}

/* What is written is read back first: nothing else could be said to be a policy. */
static int prove(const struct remember *remember, const struct buffer *text, struct error *err)
{
	struct source source = {0};

	if (buffer_failed(text))
		return error_memory(err);
	int result = grammar_parse(remember->name, text->data, text->size, false, &source, err);
	source_clear(&source);
	return result;
}

static int write_whole(int file, const struct buffer *text, struct error *err)
{
	size_t done = 0;

	while (done < text->size) {
		ssize_t size = write(file, text->data + done, text->size - done);
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return error_system(err, errno, "writing");
		done += (size_t)size;
	}
	return fsync(file) < 0 ? error_system(err, errno, "writing") : 0;
}

static int replace(const struct remember *remember, const struct buffer *text, struct error *err)
{
	cleanup_free char *part = text_printf(".%s.%d", remember->name, (int)getpid());

	if (!part)
		return error_memory(err);
	cleanup_close int file =
	        openat(remember->folder, part,
	               O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
	if (file < 0)
		return error_system(err, errno, "%s", part);
	int result = write_whole(file, text, err);
	if (result == 0 && renameat(remember->folder, part, remember->folder, remember->name) < 0)
		result = error_system(err, errno, "putting it in place");
	if (result < 0)
		unlinkat(remember->folder, part, 0);
	return result;
}

int remember_answer(struct remember *remember, const struct question *question,
                    enum answer_scope scope, struct error *err)
{
	struct targets *targets = &remember->targets[question->effect];
	cleanup_buffer struct buffer text = {0};
	cleanup_free char *grant = grant_of(remember, question, scope, err);

	if (!grant)
		return err->message ? -1 : 0;
	if (has(targets, grant))
		return 0;
	if (targets->count >= TARGETS_MOST)
		return error_set(err, "%d answers are the most that one file keeps", TARGETS_MOST);
	if (add(targets, steal_pointer(&grant), err) < 0)
		return -1;
	write_policy(remember, &text);
	if (prove(remember, &text, err) < 0)
		return -1;
	return replace(remember, &text, err);
}

/* --- What is there already -------------------------------------------------------------------- */

static int not_ours(struct error *err)
{
	error_set(err, "the file exists, and is none that remit wrote for answers");
	return error_help(err, "a file that does not exist yet");
}

/* What it grants is kept. Whoever added more than that by hand does not lose it: it is refused. */
static int merge(struct remember *remember, const struct buffer *text, struct error *err)
{
	struct source source = {0};
	int result = grammar_parse(remember->name, text->data, text->size, false, &source, err);

	for (size_t i = 0; i < source.count && result == 0; i++) {
		const struct source_item *item = &source.items[i];
		if (item->kind != SOURCE_GRANT)
			result = not_ours(err);
		else if (!has(&remember->targets[item->effect], item->text))
			result = add(&remember->targets[item->effect], text_copy(item->text), err);
	}
	source_clear(&source);
	return result;
}

static int read_file(struct remember *remember, struct error *err)
{
	char part[4096];
	struct stat status;
	cleanup_buffer struct buffer text = {0};
	cleanup_close int file = openat(remember->folder, remember->name,
	                                O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (file < 0 && errno == ENOENT)
		return 0;
	if (file < 0 || fstat(file, &status) < 0)
		return error_system(err, errno, "%s", remember->name);
	if (!S_ISREG(status.st_mode) || status.st_nlink > 1)
		return error_set(err, "not a regular file with one name");
	while (text.size <= GRAMMAR_SIZE_LIMIT) {
		ssize_t size = read(file, part, sizeof(part));
		if (size < 0)
			return error_system(err, errno, "%s", remember->name);
		if (size == 0)
			break;
		buffer_append(&text, part, (size_t)size);
	}
	if (buffer_failed(&text))
		return error_memory(err);
	if (!text.data || strncmp(text.data, heading, strlen(heading)) != 0)
		return not_ours(err);
	return merge(remember, &text, err);
}

static int open_place(struct remember *remember, const char *path, struct error *err)
{
	cleanup_free char *folder = path_parent(path);

	remember->name = text_copy(path_name(path));
	if (!folder || !remember->name)
		return error_memory(err);
	remember->folder = open(folder, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (remember->folder < 0)
		return error_system(err, errno, "%s", folder);
	/* Said before anything runs, not when the first answer is to be kept. */
	if (faccessat(remember->folder, ".", W_OK, AT_EACCESS) < 0)
		return error_system(err, errno, "%s", folder);
	return read_file(remember, err);
}

int remember_open(const char *file, const struct policy *policy, struct remember **out,
                  struct error *err)
{
	cleanup_free char *path = output_find(option, file, err);
	struct remember *remember = NULL;

	*out = NULL;
	if (!path)
		return err->message ? -1 : error_memory(err);
	if (output_tool_may_write(policy, path)) {
		error_set(err, "%s %s lies where the tool may write", option, file);
		return error_help(err, "a place outside of the workspace");
	}
	remember = calloc(1, sizeof(*remember));
	if (!remember)
		return error_memory(err);
	remember->policy = policy;
	remember->folder = -1;
	if (open_place(remember, path, err) < 0) {
		remember_free(remember);
		return error_context(err, "%s %s", option, file);
	}
	*out = remember;
	return 0;
}

void remember_free(struct remember *remember)
{
	if (!remember)
		return;
	for (size_t effect = 0; effect < EFFECT_COUNT; effect++) {
		for (size_t i = 0; i < remember->targets[effect].count; i++)
			free(remember->targets[effect].items[i]);
		free(remember->targets[effect].items);
	}
	if (remember->folder >= 0)
		close(remember->folder);
	free(remember->name);
	free(remember);
}
