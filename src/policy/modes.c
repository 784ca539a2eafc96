/* The mode in force: who named it, and what caps it. */
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/escape.h"
#include "base/text.h"
#include "policy/build.h"
#include "policy/names.h"

#include <stdlib.h>
#include <string.h>

/* The cells of a mode while caps are applied, and what people are told about it. */
struct mode_state {
	const struct table_mode *mode;
	enum verdict cells[EFFECT_COUNT];
	enum verdict protected_cell;
	struct buffer because;
};

static void start(struct mode_state *state, const struct table_mode *mode)
{
	state->mode = mode;
	memcpy(state->cells, mode->effects, sizeof(state->cells));
	state->protected_cell = mode->write_protected;
}

static bool lower(enum verdict *cell, enum verdict most)
{
	if (*cell <= most)
		return false;
	*cell = most;
	return true;
}

static bool cells_equal(const struct mode_state *state, const struct table_mode *mode)
{
	return memcmp(state->cells, mode->effects, sizeof(state->cells)) == 0 &&
	       state->protected_cell == mode->write_protected;
}

/* Takes the smaller verdict of each cell; the mode's name becomes one whose cells these are. */
static void cap(struct mode_state *state, const struct table_mode *most, const char *reason)
{
	bool lowered = lower(&state->protected_cell, most->write_protected);

	for (size_t e = 0; e < EFFECT_COUNT; e++)
		lowered |= lower(&state->cells[e], most->effects[e]);
	if (!lowered)
		return;
	buffer_printf(&state->because, ", capped at %s: %s", most->name, reason);
	if (!cells_equal(state, state->mode))
		state->mode = most;
	for (size_t i = 0; i < table_modes_count && !cells_equal(state, state->mode); i++) {
		if (cells_equal(state, &table_modes[i]))
			state->mode = &table_modes[i];
	}
}

/* The row of a mode that somebody named at `where`; unknown modes are errors, not guesses. */
static const struct table_mode *named_mode(struct builder *build, const char *name,
                                           const char *where)
{
	const struct table_mode *mode = mode_find(name);

	if (!mode) {
		cleanup_free char *escaped = escape_terminal_copy(name);
		const char *nearest = mode_nearest(name);
		error_set(build->err, "%s: unknown mode `%s`%s%s%s", where, escaped ? escaped : "",
		          nearest ? "; did you mean `" : "", nearest ? nearest : "",
		          nearest ? "`?" : "");
	}
	return mode;
}

/* A built-in name that the tables must hold. */
static const struct table_mode *built_in_mode(struct builder *build, const char *name)
{
	return named_mode(build, name, "modes.yaml");
}

/* The last of the policies that says what an absent mode means, or NULL. */
static const struct source_item *policy_absent(const struct builder *build)
{
	const struct source_item *last = NULL;

	for (size_t i = 0; i < build->source_count; i++) {
		const struct source *source = &build->sources[i];
		for (size_t k = 0; k < source->count && !source->ceiling; k++) {
			if (source->items[k].kind == SOURCE_MODE_ABSENT)
				last = &source->items[k];
		}
	}
	return last;
}

static int start_absent(struct builder *build, struct mode_state *state)
{
	const struct source_item *said = policy_absent(build);
	const struct table_mode *mode;

	if (said) {
		mode = named_mode(build, said->text, said->where);
		buffer_printf(&state->because, "%s: no permissionMode, and %s says %s",
		              build->agent_label, said->where, said->text);
	} else {
		mode = built_in_mode(build, build->writes_named ? table_mode_absent_writes
		                                                : table_mode_absent_default);
		buffer_printf(
		        &state->because, "%s: no permissionMode, and %s: as %s", build->agent_label,
		        build->writes_named ? "a write tool is named" : "no write tool is named",
		        mode ? mode->name : "");
	}
	if (!mode)
		return -1;
	start(state, mode);
	return 0;
}

static int start_from(struct builder *build, struct mode_state *state, const char *name,
                      char *where)
{
	cleanup_free char *place = where;

	if (!place)
		return error_memory(build->err);
	const struct table_mode *mode = named_mode(build, name, place);
	if (!mode)
		return -1;
	buffer_append_text(&state->because, place);
	start(state, mode);
	return 0;
}

/* Where the file names its mode. Checked even where --mode replaces it. */
static int start_from_file(struct builder *build, struct mode_state *state)
{
	cleanup_free char *place = build_place(build, build->agent->mode_line);

	if (!place)
		return error_memory(build->err);
	const struct table_mode *mode = named_mode(build, build->agent->mode, place);
	if (!mode)
		return -1;
	buffer_printf(&state->because, "%s permissionMode %s", place, mode->name);
	start(state, mode);
	return 0;
}

/* Applies what the sources of one trust say: `ceilings` or policies. Sets *found where any has a
 * maximum. */
static int cap_by_sources(struct builder *build, struct mode_state *state, bool ceilings,
                          bool absent, bool *found)
{
	for (size_t i = 0; i < build->source_count; i++) {
		const struct source *source = &build->sources[i];
		for (size_t k = 0; k < source->count; k++) {
			const struct source_item *item = &source->items[k];
			bool max = item->kind == SOURCE_MODE_MAX;
			bool absence = item->kind == SOURCE_MODE_ABSENT;
			if (!max && !absence)
				continue;
			const struct table_mode *mode = named_mode(build, item->text, item->where);
			if (!mode)
				return -1;
			if (source->ceiling != ceilings)
				continue;
			*found |= max;
			/* A ceiling only narrows: what it says of absence is a cap too. */
			if (max || (absent && ceilings))
				cap(state, mode, item->where);
		}
	}
	return 0;
}

static int settle(struct builder *build, struct mode_state *state)
{
	const char *name = build->request->mode;
	bool from_file = build->agent->mode != NULL;
	bool said = false;
	bool ignored = false;
	int result;

	if (from_file)
		result = start_from_file(build, state);
	else
		result = start_absent(build, state);
	if (result == 0 && name) {
		buffer_free(&state->because);
		result = start_from(build, state, name, text_printf("--mode %s", name));
	}
	bool absent = !name && !from_file;
	if (result < 0 || cap_by_sources(build, state, false, absent, &said) < 0)
		return -1;
	if (from_file && !name && !said) {
		const struct table_mode *most = built_in_mode(build, table_mode_untrusted_max);
		if (!most)
			return -1;
		cap(state, most, "the file is not trusted");
	}
	return cap_by_sources(build, state, true, absent, &ignored);
}

int build_mode(struct builder *build)
{
	struct mode_state state = {0};
	struct policy *policy = build->policy;

	if (settle(build, &state) < 0) {
		buffer_free(&state.because);
		return -1;
	}
	policy->mode = state.mode;
	memcpy(policy->mode_cells, state.cells, sizeof(policy->mode_cells));
	policy->mode_protected = state.protected_cell;
	policy->mode_because = buffer_steal(&state.because);
	return policy->mode_because ? 0 : error_memory(build->err);
}
