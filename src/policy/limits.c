/* Limits: defaults of the table, then what policies and the command line ask for, never more than
 * a ceiling says. */
#include "base/cleanup.h"
#include "base/escape.h"
#include "base/text.h"
#include "policy/build.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* A letter behind a number. */
struct unit {
	char letter;
	unsigned long long factor;
};

static const struct unit count_units[] = {{'K', 1000}, {'M', 1000000}, {'G', 1000000000}, {0}};
static const struct unit byte_units[] = {
        {'K', 1ull << 10}, {'M', 1ull << 20}, {'G', 1ull << 30}, {'T', 1ull << 40}, {0}};
static const struct unit second_units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {0}};

static const struct {
	const char *name;
	const struct unit *units;
	unsigned long long highest;
	bool percent;
	const char *example;
} kinds[] = {
        {"count", count_units, INT_MAX, false, "512 or 4K"},
        {"bytes", byte_units, LLONG_MAX, true, "512M, 4G or 50%"},
        {"seconds", second_units, INT_MAX, false, "90, 90s, 30m or 2h"},
};

struct amount {
	unsigned long long value;
	bool percent;
};

static unsigned long long factor_of(const struct unit *units, const char *suffix)
{
	if (!*suffix)
		return 1;
	for (; units->letter && !suffix[1]; units++) {
		if (units->letter == *suffix || (units->letter == 'K' && *suffix == 'k'))
			return units->factor;
	}
	return 0;
}

/* A number with its unit. `where` stands in front of errors. */
static int parse_amount(const struct table_limit *limit, const char *text, const char *where,
                        struct amount *out, struct error *err)
{
	size_t kind = 0;
	size_t digits = strspn(text, "0123456789");
	unsigned long long value = 0;

	while (kind + 1 < sizeof(kinds) / sizeof(*kinds) &&
	       strcmp(kinds[kind].name, limit->unit) != 0)
		kind++;
	bool overflow = false;
	for (size_t i = 0; i < digits; i++) {
		overflow |= __builtin_mul_overflow(value, 10ull, &value);
		overflow |= __builtin_add_overflow(value, (unsigned)(text[i] - '0'), &value);
	}
	out->percent = kinds[kind].percent && strcmp(text + digits, "%") == 0;
	unsigned long long factor = out->percent ? 1 : factor_of(kinds[kind].units, text + digits);
	unsigned long long highest = out->percent ? 100 : kinds[kind].highest;
	if (!digits || !factor)
		return error_set(err, "%s: limit %s: write %s", where, limit->name,
		                 kinds[kind].example);
	overflow |= __builtin_mul_overflow(value, factor, &out->value);
	if (overflow || out->value < 1 || out->value > highest)
		return error_set(err, "%s: limit %s: out of range (1 to %llu%s)", where,
		                 limit->name, highest, out->percent ? "%" : "");
	return 0;
}

static int set_limit(struct policy_limit *limit, struct amount amount, bool named,
                     const char *because, struct error *err)
{
	char *copy = text_copy(because);

	if (!copy)
		return error_memory(err);
	free(limit->because);
	limit->because = copy;
	limit->value = amount.value;
	limit->percent = amount.percent;
	limit->named = named;
	limit->set = true;
	return 0;
}

static int add_default(struct policy_limit *limit, const struct table_limit *row, struct error *err)
{
	cleanup_free char *because = text_printf("limits.yaml:%u %s", row->line, row->name);
	struct amount amount = {0};

	limit->limit = row;
	limit->because = text_copy("");
	if (!because || !limit->because)
		return error_memory(err);
	if (!*row->value)
		return 0;
	if (parse_amount(row, row->value, because, &amount, err) < 0)
		return -1;
	return set_limit(limit, amount, false, because, err);
}

static struct policy_limit *find_limit(struct builder *build, const struct source_item *item)
{
	const char *names[64];
	size_t count = 0;

	for (size_t i = 0; i < build->policy->limit_count && count < 64; i++) {
		names[count++] = build->policy->limits[i].limit->name;
		if (strcmp(names[count - 1], item->name) == 0)
			return &build->policy->limits[i];
	}
	cleanup_free char *name = escape_terminal_copy(item->name);
	const char *nearest = text_nearest(item->name, names, count);
	error_set(build->err, "%s: unknown limit `%s`%s%s%s", item->where, name ? name : "",
	          nearest ? "; did you mean `" : "", nearest ? nearest : "", nearest ? "`?" : "");
	if (nearest)
		return NULL;
	cleanup_buffer struct buffer known = {0};
	for (size_t i = 0; i < count; i++)
		buffer_printf(&known, "%s%s", i ? ", " : "one of ", names[i]);
	if (known.size && !buffer_failed(&known))
		error_help(build->err, "%s", known.data);
	return NULL;
}

/* The smaller of what stands and what the ceiling says. A share and an amount cannot be compared
 * without looking at the machine: an unasked default then gives way, a named limit is an error. */
static int lower_limit(struct builder *build, struct policy_limit *limit, struct amount amount,
                       const char *where)
{
	if (limit->set && limit->percent != amount.percent && limit->named)
		return error_set(build->err,
		                 "%s: limit %s: a share (%%) and an amount cannot be compared: "
		                 "write it as %s does",
		                 limit->because, limit->limit->name, where);
	if (limit->set && limit->percent == amount.percent && limit->value <= amount.value)
		return 0;
	return set_limit(limit, amount, true, where, build->err);
}

/* One pass over the sources: policies and the command line, or the ceilings. */
static int apply_sources(struct builder *build, bool ceilings)
{
	for (size_t i = 0; i < build->source_count; i++) {
		const struct source *source = &build->sources[i];
		for (size_t k = 0; k < source->count && source->ceiling == ceilings; k++) {
			const struct source_item *item = &source->items[k];
			struct amount amount = {0};
			if (item->kind != SOURCE_LIMIT)
				continue;
			struct policy_limit *limit = find_limit(build, item);
			if (!limit)
				return -1;
			if (parse_amount(limit->limit, item->text ? item->text : "", item->where,
			                 &amount, build->err) < 0)
				return -1;
			int result =
			        ceilings ? lower_limit(build, limit, amount, item->where)
			                 : set_limit(limit, amount, true, item->where, build->err);
			if (result < 0)
				return -1;
		}
	}
	return 0;
}

int build_limits(struct builder *build)
{
	struct policy *policy = build->policy;

	policy->limits =
	        calloc(table_limits_count ? table_limits_count : 1, sizeof(*policy->limits));
	if (!policy->limits)
		return error_memory(build->err);
	policy->limit_count = table_limits_count;
	for (size_t i = 0; i < table_limits_count; i++) {
		if (add_default(&policy->limits[i], &table_limits[i], build->err) < 0)
			return -1;
	}
	return apply_sources(build, false) < 0 || apply_sources(build, true) < 0 ? -1 : 0;
}
