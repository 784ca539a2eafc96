#include "audit/entry.h"

#include "base/base64.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* --- Members ---------------------------------------------------------------------------------- */

static int wrong(struct error *err, const char *key, const char *expected)
{
	return error_set(err, "`%s` is not %s", key, expected);
}

static int get_text(const json_t *root, const char *key, struct entry_text *out, struct error *err)
{
	const json_t *value = json_object_get(root, key);

	if (!value || json_is_null(value))
		return 0;
	if (!json_is_string(value))
		return wrong(err, key, "a text");
	*out = (struct entry_text){json_string_value(value), json_string_length(value)};
	return 0;
}

/* KEY, or the bytes of KEY_b64 where it is there. */
static int get_bytes(struct entry *entry, const char *key, struct entry_text *out,
                     struct error *err)
{
	char encoded_key[32];
	struct entry_text encoded = {0};

	snprintf(encoded_key, sizeof(encoded_key), "%s_b64", key);
	if (get_text(entry->root, key, out, err) < 0 ||
	    get_text(entry->root, encoded_key, &encoded, err) < 0)
		return -1;
	if (!encoded.data)
		return 0;
	struct buffer *decoded = &entry->decoded[entry->decoded_count++];
	if (base64_decode(decoded, encoded.data, encoded.size) < 0)
		return wrong(err, encoded_key, "base 64");
	buffer_append(decoded, "", 0);
	if (buffer_failed(decoded))
		return error_memory(err);
	*out = (struct entry_text){decoded->data, decoded->size};
	return 0;
}

/* A number that may be absent. */
static int get_number(const json_t *root, const char *key, unsigned long long most,
                      unsigned long long *out, struct error *err)
{
	const json_t *value = json_object_get(root, key);

	if (!value)
		return 0;
	json_int_t number = json_is_integer(value) ? json_integer_value(value) : -1;
	if (number < 0 || (unsigned long long)number > most)
		return wrong(err, key, "a number from 0 on");
	*out = (unsigned long long)number;
	return 0;
}

/* Index of the member's text among `words`, or negative. */
static int get_word(const json_t *root, const char *key, const char *const *words, size_t count,
                    struct error *err)
{
	struct entry_text text = {0};

	if (get_text(root, key, &text, err) < 0)
		return -1;
	for (size_t i = 0; text.data && i < count; i++)
		if (strcmp(text.data, words[i]) == 0)
			return (int)i;
	return error_set(err, text.data ? "`%s` is not known" : "`%s` is missing", key);
}

/* --- Records ---------------------------------------------------------------------------------- */

static int get_effect(struct entry *entry, struct error *err)
{
	const char *words[RECORD_EFFECTS];

	for (size_t i = 0; i < RECORD_EFFECTS; i++)
		words[i] = record_effect_name(i);
	int effect = get_word(entry->root, "effect", words, RECORD_EFFECTS, err);
	entry->effect = effect < 0 ? 0 : (size_t)effect;
	return effect < 0 ? -1 : 0;
}

static int get_class(struct entry *entry, struct error *err)
{
	static const char *const classes[] = {"denied", "hidden"};
	static const char *const verdicts[] = {"deny", "ask"};
	int class = get_word(entry->root, "class", classes, 2, err);
	int verdict = class < 0 ? -1 : get_word(entry->root, "verdict", verdicts, 2, err);

	entry->hidden = class == 1;
	entry->verdict = verdict == 1 ? VERDICT_ASK : VERDICT_DENY;
	return verdict < 0 ? -1 : 0;
}

static int read_refusal(struct entry *entry, struct error *err)
{
	unsigned long long line = 0;

	if (get_effect(entry, err) < 0 || get_class(entry, err) < 0 ||
	    get_text(entry->root, "op", &entry->operation, err) < 0 ||
	    get_bytes(entry, "target", &entry->target, err) < 0 ||
	    get_bytes(entry, "comm", &entry->comm, err) < 0 ||
	    get_bytes(entry, "exe", &entry->exe, err) < 0 ||
	    get_bytes(entry, "because", &entry->because, err) < 0 ||
	    get_bytes(entry, "remedy", &entry->remedy, err) < 0 ||
	    get_text(entry->root, "because_file", &entry->because_file, err) < 0 ||
	    get_number(entry->root, "because_line", UINT_MAX, &line, err) < 0)
		return -1;
	entry->because_line = (unsigned long)line;
	if (!entry->target.data)
		return error_set(err, "`target` is missing");
	/* Sums of a whole log must not overflow. */
	if (get_number(entry->root, "count", UINT_MAX, &entry->count, err) < 0)
		return -1;
	return entry->count ? 0 : wrong(err, "count", "a number from 1 on");
}

static int read_start(struct entry *entry, struct error *err)
{
	return get_bytes(entry, "agent_file", &entry->agent_file, err);
}

static int read_answer(struct entry *entry, struct error *err)
{
	const char *words[ANSWERED_COUNT];

	for (size_t i = 0; i < ANSWERED_COUNT; i++)
		words[i] = record_answer_name(i);
	int how = get_word(entry->root, "answer", words, ANSWERED_COUNT, err);
	if (how < 0)
		return -1;
	entry->how = (enum answered_how)how;
	return get_effect(entry, err);
}

static int read_end(struct entry *entry, struct error *err)
{
	if (!json_is_integer(json_object_get(entry->root, "status")))
		return wrong(err, "status", "a number");
	if (get_number(entry->root, "denied", LLONG_MAX, &entry->denied, err) < 0)
		return -1;
	return get_number(entry->root, "hidden", LLONG_MAX, &entry->hidden_total, err);
}

static const struct {
	const char *name;
	int (*read)(struct entry *entry, struct error *err);
} kinds[] = {
        [ENTRY_START] = {"start", read_start},
        [ENTRY_REFUSAL] = {"refusal", read_refusal},
        [ENTRY_ANSWER] = {"answer", read_answer},
        [ENTRY_END] = {"end", read_end},
};

static int read_kind(struct entry *entry, struct error *err)
{
	const char *words[ENTRY_UNKNOWN];

	for (size_t i = 0; i < ENTRY_UNKNOWN; i++)
		words[i] = kinds[i].name;
	int kind = get_word(entry->root, "record", words, ENTRY_UNKNOWN, err);
	if (kind < 0)
		return -1;
	entry->kind = (enum entry_kind)kind;
	return kinds[kind].read(entry, err);
}

static int read_members(struct entry *entry, struct error *err)
{
	unsigned long long version = 0;

	if (!json_is_object(entry->root))
		return error_set(err, "not an object");
	if (get_number(entry->root, "v", UINT_MAX, &version, err) < 0)
		return -1;
	if (version == 0)
		return error_set(err, "`v` is missing");
	entry->newer = version > RECORD_VERSION;
	if (get_text(entry->root, "run", &entry->run, err) < 0 ||
	    get_text(entry->root, "agent", &entry->agent, err) < 0)
		return -1;
	if (!entry->run.data)
		return error_set(err, "`run` is missing");
	int result = read_kind(entry, err);
	/* What a newer program means by it is not for this one to say. */
	if (result < 0 && entry->newer) {
		error_clear(err);
		entry->kind = ENTRY_UNKNOWN;
		return 0;
	}
	return result;
}

int entry_read(const char *line, size_t size, struct entry *out, struct error *err)
{
	json_error_t where;

	*out = (struct entry){0};
	out->root = json_loadb(line, size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &where);
	if (!out->root) {
		error_set(err, "not JSON: %s", where.text);
		return ENTRY_NO_JSON;
	}
	if (read_members(out, err) < 0) {
		entry_clear(out);
		return -1;
	}
	return 0;
}

void entry_clear(struct entry *entry)
{
	json_decref(entry->root);
	for (size_t i = 0; i < entry->decoded_count; i++)
		buffer_free(&entry->decoded[i]);
	*entry = (struct entry){0};
}
