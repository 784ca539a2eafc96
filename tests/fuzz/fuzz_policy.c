/* Whatever bytes come in as a policy or a ceiling: no crash, and either items that keep what their
 * kind promises, or an error with file, line and column. */
#include "policy/grammar.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool condition)
{
	if (!condition)
		abort();
}

static void check(const uint8_t *data, size_t size, bool ceiling)
{
	struct source source;
	struct error err = {0};

	if (grammar_parse("fuzz.yaml", (const char *)data, size, ceiling, &source, &err) < 0) {
		demand(strncmp(error_message(&err), "fuzz.yaml:", 10) == 0);
		error_clear(&err);
		return;
	}
	for (size_t i = 0; i < source.count; i++) {
		const struct source_item *item = &source.items[i];
		bool widens = item->kind == SOURCE_KEEP || item->kind == SOURCE_SET ||
		              item->kind == SOURCE_GROUP || item->kind == SOURCE_SERVER_CONNECT ||
		              item->kind == SOURCE_SERVER_KEEP;
		demand(strncmp(item->where, "fuzz.yaml:", 10) == 0);
		demand(item->effect < EFFECT_COUNT);
		demand(!ceiling || !widens);
		demand(item->kind != SOURCE_GRANT || (item->text && *item->text));
		demand(item->kind != SOURCE_DENY || (item->text && *item->text));
		demand(item->kind != SOURCE_LIMIT || (item->name && item->text));
	}
	source_clear(&source);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check(data, size, false);
	check(data, size, true);
	return 0;
}
