#include "library/prepare.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/escape.h"
#include "plan/probe.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

struct findings {
	struct probe_result *results;
	const struct probe_result *obstacle;
	struct buffer surroundings; /* NUL-terminated lines */
	struct utsname kernel;
};

static void findings_clear(struct findings *findings)
{
	free(findings->results);
	buffer_free(&findings->surroundings);
}

#define cleanup_findings __attribute__((cleanup(findings_clear)))

static const char *next_line(const struct findings *findings, const char *line)
{
	const struct buffer *all = &findings->surroundings;
	const char *next = line ? line + strlen(line) + 1 : all->data;

	return all->size && next < all->data + all->size ? next : NULL;
}

/* The first part of Landlock that is missing, or NULL. */
static const struct probe_result *missing_of_landlock(const struct findings *findings)
{
	for (size_t i = 0; i < probes_count; i++)
		if (findings->results[i].state == PROBE_MISSING &&
		    findings->results[i].probe->try == probe_landlock)
			return &findings->results[i];
	return NULL;
}

/* What of seeing refusals is missing, or NULL. */
static const struct probe_result *missing_of_decoy(const struct findings *findings)
{
	for (size_t i = 0; i < probes_count; i++)
		if (findings->results[i].state == PROBE_MISSING &&
		    findings->results[i].probe->need == PROBE_DECOY)
			return &findings->results[i];
	return NULL;
}

/* --- for people --- */

static const char *word(const struct probe_result *result)
{
	switch (result->state) {
	case PROBE_HOLDS:
		return "ok";
	case PROBE_NOT_TRIED:
		return "-";
	case PROBE_MISSING:
		return result->probe->need == PROBE_REQUIRED ? "MISSING" : "missing";
	}
	return "";
}

static void append_text(struct buffer *out, const char *text)
{
	escape_terminal(out, text, strlen(text));
}

static void result_lines(const struct probe_result *result, struct buffer *out)
{
	bool missing = result->state == PROBE_MISSING;

	buffer_printf(out, "  %-8s %-22s %s", word(result), result->probe->name,
	              result->probe->holds);
	if (*result->detail) {
		buffer_append_text(out, missing ? "\n             why:  " : " (");
		append_text(out, result->detail);
		buffer_append_text(out, missing ? "" : ")");
	}
	if (*result->mend)
		buffer_printf(out, "\n             mend: %s", result->mend);
	buffer_append_text(out, "\n");
}

static void setting_lines(struct buffer *out)
{
	buffer_append_text(out, "\nsettings\n");
	for (size_t i = 0; i < probe_settings_count; i++) {
		const struct probe_setting *setting = &probe_settings[i];
		cleanup_free char *value = probe_setting_value(setting);
		if (!value)
			continue;
		buffer_printf(out, "  %s = ", setting->name);
		append_text(out, value);
		buffer_printf(out, "   # %s\n", setting->means);
	}
}

static void level_lines(const struct findings *findings, struct buffer *out)
{
	if (findings->obstacle) {
		buffer_printf(out, "\nlevel: none; missing: %s\n", findings->obstacle->probe->name);
		if (*findings->obstacle->mend)
			buffer_printf(out, "mend: %s\n", findings->obstacle->mend);
		return;
	}
	const struct probe_result *blind = missing_of_decoy(findings);
	buffer_printf(out, "\nlevel: %s\n", blind ? "namespaces" : "namespaces+decoy");
	if (blind)
		buffer_printf(out, "without: %s (%s)\n", blind->probe->holds, blind->probe->name);
	const struct probe_result *second = missing_of_landlock(findings);
	if (second && second->probe->value == 1)
		buffer_append_text(out, "without: Landlock, the second wall\n");
	else if (second)
		buffer_printf(out, "without: what Landlock has from ABI %d on (%s)\n",
		              second->probe->value, second->probe->name);
}

static int text_of(const struct findings *findings, struct buffer *out)
{
	const char *layer = "";

	buffer_printf(out, "kernel   %s %s, %s\nuser     %u%s\n", findings->kernel.sysname,
	              findings->kernel.release, findings->kernel.machine, getuid(),
	              getuid() == 0 ? " (root)" : "");
	for (const char *line = next_line(findings, NULL); line; line = next_line(findings, line))
		buffer_printf(out, "inside   %s\n", line);
	for (size_t i = 0; i < probes_count; i++) {
		const struct probe_result *result = &findings->results[i];
		if (strcmp(layer, result->probe->layer) != 0)
			buffer_printf(out, "\n%s\n", result->probe->layer);
		result_lines(result, out);
		layer = result->probe->layer;
	}
	setting_lines(out);
	level_lines(findings, out);
	return buffer_failed(out) ? -1 : 0;
}

/* --- for programs --- */

static const char *const needs[] = {
        [PROBE_REQUIRED] = "required",
        [PROBE_SECOND] = "second",
        [PROBE_DECOY] = "decoy",
        [PROBE_LATER] = "later",
};

static const char *const states[] = {
        [PROBE_HOLDS] = "holds",
        [PROBE_MISSING] = "missing",
        [PROBE_NOT_TRIED] = "not tried",
};

/* Bytes that are no UTF-8 are escaped as on a terminal. */
static json_t *string(const char *text)
{
	json_t *value = json_string(text);

	if (value)
		return value;
	cleanup_free char *escaped = escape_terminal_copy(text);
	return escaped ? json_string(escaped) : NULL;
}

static json_t *probe_objects(const struct findings *findings)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < probes_count; i++) {
		const struct probe_result *result = &findings->results[i];
		json_t *object =
		        json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "layer",
		                  result->probe->layer, "name", result->probe->name, "holds",
		                  result->probe->holds, "need", needs[result->probe->need], "state",
		                  states[result->state], "detail", string(result->detail), "mend",
		                  *result->mend ? string(result->mend) : json_null());
		if (json_array_append_new(array, object) < 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *setting_objects(void)
{
	json_t *object = json_object();

	for (size_t i = 0; object && i < probe_settings_count; i++) {
		cleanup_free char *value = probe_setting_value(&probe_settings[i]);
		if (json_object_set_new(object, probe_settings[i].name,
		                        value ? string(value) : json_null()) < 0) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

static json_t *surrounding_list(const struct findings *findings)
{
	json_t *array = json_array();

	for (const char *line = next_line(findings, NULL); array && line;
	     line = next_line(findings, line)) {
		if (json_array_append_new(array, string(line)) < 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static int json_of(const struct findings *findings, struct buffer *out)
{
	json_t *object = json_pack(
	        "{s:i, s:o, s:s, s:s, s:I, s:o, s:o, s:o}", "v", 1, "level",
	        findings->obstacle ? json_null()
	                           : json_string(missing_of_decoy(findings) ? "namespaces"
	                                                                    : "namespaces+decoy"),
	        "kernel", findings->kernel.release, "machine", findings->kernel.machine, "user",
	        (json_int_t)getuid(), "inside", surrounding_list(findings), "probes",
	        probe_objects(findings), "settings", setting_objects());
	cleanup_free char *line = object ? json_dumps(object, JSON_COMPACT) : NULL;

	json_decref(object);
	if (!line)
		return -1;
	buffer_append_text(out, line);
	buffer_append_text(out, "\n");
	return buffer_failed(out) ? -1 : 0;
}

static int find(struct findings *out, struct error *err)
{
	if (uname(&out->kernel) < 0)
		return error_system(err, errno, "uname");
	probe_surroundings(&out->surroundings);
	if (buffer_failed(&out->surroundings))
		return error_memory(err);
	if (probe_all(&out->results, err) < 0)
		return -1;
	out->obstacle = probe_obstacle(out->results);
	return 0;
}

int remit_doctor(enum remit_format format, char **text, bool *enforceable,
                 struct remit_error *error)
{
	cleanup_error struct error err = {0};
	cleanup_findings struct findings findings = {0};
	cleanup_buffer struct buffer out = {0};

	*text = NULL;
	*enforceable = false;
	if (find(&findings, &err) < 0)
		return export_error(&err, error);
	int result =
	        format == REMIT_FORMAT_JSON ? json_of(&findings, &out) : text_of(&findings, &out);
	*text = result < 0 ? NULL : buffer_steal(&out);
	if (!*text) {
		error_memory(&err);
		return export_error(&err, error);
	}
	*enforceable = !findings.obstacle;
	return 0;
}
