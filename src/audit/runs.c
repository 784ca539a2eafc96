#include "audit/runs.h"

#include "base/text.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum {
	NAME_MOST = 64, /* bytes of a run's name; ours have 26 */
};

struct run {
	struct run *older, *newer;
	struct report_text agent_file;
	bool started;
	unsigned long long denied, hidden; /* as its records say */
	size_t name_size;
	char name[NAME_MOST];
};

static void forget(struct report *report, struct run *run)
{
	table_remove(&report->run_table, run->name, run->name_size);
	if (run->older)
		run->older->newer = run->newer;
	else
		report->oldest_run = run->newer;
	if (run->newer)
		run->newer->older = run->older;
	else
		report->newest_run = run->older;
	free(run->agent_file.data);
	free(run);
}

static void abandon(struct report *report, struct run *run)
{
	report->unfinished++;
	forget(report, run);
}

static struct run *begin(struct report *report, const struct entry *entry)
{
	struct run *run = calloc(1, sizeof(*run));

	if (!run)
		return NULL;
	if (report->run_table.count == REPORT_RUNS_MOST)
		abandon(report, report->oldest_run);
	run->name_size = entry->run.size;
	memcpy(run->name, entry->run.data, entry->run.size);
	if (table_add(&report->run_table, run->name, run->name_size, run) < 0) {
		free(run);
		return NULL;
	}
	run->older = report->newest_run;
	if (run->older)
		run->older->newer = run;
	else
		report->oldest_run = run;
	report->newest_run = run;
	report->runs++;
	report->beginningless += entry->kind != ENTRY_START;
	return run;
}

/* A name that no path has is not kept. */
static int start(struct run *run, const struct entry *entry, struct error *err)
{
	const struct entry_text *file = &entry->agent_file;

	run->started = true;
	if (!file->data || file->size >= PATH_MAX || run->agent_file.data)
		return 0;
	run->agent_file = (struct report_text){text_copy_size(file->data, file->size), file->size};
	return run->agent_file.data ? 0 : error_memory(err);
}

/* Records of a run may stand in more than one log, and a log may be cut off at its beginning: only
 * a run whose start was seen can contradict itself. */
static void end(struct report *report, struct run *run, const struct entry *entry)
{
	report->contradicted += run->started && (run->denied != entry->denied ||
	                                         run->hidden != entry->hidden_total);
	forget(report, run);
}

int runs_count(struct report *report, const struct entry *entry, struct report_text *agent_file,
               struct error *err)
{
	*agent_file = (struct report_text){0};
	if (entry->run.size == 0 || entry->run.size > NAME_MOST)
		return error_set(err, "`run` is not the name of a run");
	struct run *run = table_find(&report->run_table, entry->run.data, entry->run.size);
	if (!run)
		run = begin(report, entry);
	if (!run)
		return error_memory(err);
	switch (entry->kind) {
	case ENTRY_START:
		return start(run, entry, err);
	case ENTRY_REFUSAL:
		*(entry->hidden ? &run->hidden : &run->denied) += entry->count;
		*agent_file = run->agent_file;
		return 0;
	case ENTRY_ANSWER:
		return 0;
	case ENTRY_END:
		end(report, run, entry);
		return 0;
	case ENTRY_UNKNOWN:
		return 0;
	}
	return 0;
}

void runs_close(struct report *report)
{
	while (report->oldest_run)
		abandon(report, report->oldest_run);
	table_clear(&report->run_table);
}
