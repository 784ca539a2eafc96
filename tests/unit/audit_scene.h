/* An audit log in memory, and what was written to it. */
#ifndef REMIT_UNIT_AUDIT_SCENE_H
#define REMIT_UNIT_AUDIT_SCENE_H

#include "audit/log.h"
#include "base/buffer.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct written {
	json_t **lines;
	size_t count;
	char *text;
	size_t size;
};

static inline int memory_file(void)
{
	int file = memfd_create("log", 0);

	ck_assert_int_ge(file, 0);
	ck_assert_int_eq(fcntl(file, F_SETFL, O_APPEND), 0);
	return file;
}

/* Every line as JSON: one that is none, or cut off, fails the test. */
static inline struct written read_back(int file)
{
	struct written written = {0};
	off_t size = lseek(file, 0, SEEK_END);
	size_t newlines = 0;

	written.text = malloc((size_t)size + 1);
	ck_assert_ptr_nonnull(written.text);
	ck_assert_int_eq(pread(file, written.text, (size_t)size, 0), size);
	for (off_t i = 0; i < size; i++)
		newlines += written.text[i] == '\n';
	written.lines = calloc(newlines + 1, sizeof(json_t *));
	ck_assert_ptr_nonnull(written.lines);
	written.size = (size_t)size;
	written.text[size] = '\0';
	for (char *line = written.text; *line;) {
		char *end = strchr(line, '\n');
		json_error_t error;
		ck_assert_msg(end != NULL, "cut off: %s", line);
		json_t *object = json_loadb(line, (size_t)(end - line), JSON_ALLOW_NUL, &error);
		ck_assert_msg(object != NULL, "%s: %.*s", error.text, (int)(end - line), line);
		written.lines[written.count++] = object;
		line = end + 1;
	}
	return written;
}

static inline void release(struct written *written)
{
	for (size_t i = 0; i < written->count; i++)
		json_decref(written->lines[i]);
	free(written->lines);
	free(written->text);
}

static inline const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "(absent)";
}

static inline json_int_t number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static inline struct audit_log *new_log(int file)
{
	struct error err = {0};
	struct audit_log *log;

	ck_assert_int_eq(audit_log_new(file, &log, &err), 0);
	return log;
}

static const struct refusal sample = {
        .pid = 4711,
        .pid_inside = 7,
        .parent = 4710,
        .comm = "cat",
        .exe = "/usr/bin/cat",
        .effect = EFFECT_READ,
        .operation = "open",
        .target = "/home/u/.ssh/id_ed25519",
        .target_size = 23,
        .verdict = VERDICT_DENY,
        .error = EACCES,
        .layer = AUDIT_LAYER_DECOY,
        .because = "secrets.yaml:12 ~/.ssh",
};

static inline void refuse(struct audit_log *log, const struct refusal *refusal)
{
	struct error err = {0};

	ck_assert_msg(audit_log_refusal(log, refusal, &err) == 0, "%s", error_message(&err));
}

static inline void start(struct audit_log *log)
{
	static const char *const layers[] = {"mounts", "landlock", NULL};
	static const char *const dropped[] = {"AWS_SECRET_ACCESS_KEY", NULL};
	char *const command[] = {(char[]){"make"}, (char[]){"te\xFFst"}, NULL};
	struct audit_start about = {
	        .agent = "backend-engineer",
	        .agent_file = "agents/back:3 end.md",
	        .tool = "Bash",
	        .workspace = "/w",
	        .kernel = "6.18.0",
	        .level = "namespaces+decoy",
	        .layers = layers,
	        .dropped = dropped,
	        .command = command,
	};
	struct error err = {0};

	ck_assert_int_eq(audit_log_start(log, &about, &err), 0);
}

static inline void end(struct audit_log *log)
{
	struct error err = {0};

	ck_assert_int_eq(audit_log_end(log, 3, &err), 0);
}

static inline char *summary_of(const struct audit_log *log, bool verbose)
{
	struct buffer out = {0};
	struct error err = {0};

	ck_assert_int_eq(audit_log_summary(log, verbose, &out, &err), 0);
	char *text = buffer_steal(&out);
	ck_assert_ptr_nonnull(text);
	return text;
}

#endif
