/* Entering the sandbox: named stages in a fixed order. */
#include "sandbox/stage.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *name;
	int (*run)(struct entering *entering, struct error *err);
} stages[] = {
        {"identity", stage_identity},
        {"network", stage_network},
        {"store", stage_store},
        {"terminal", stage_terminal},
        {"standard input", stage_input},
        {"devices", stage_devices},
        {"mounts", stage_mounts},
        {"proc", stage_proc},
        {"seal", stage_seal},
        {"root", stage_root},
        {"project", stage_project},
        {"limits", stage_limits},
        {"privileges", stage_privileges},
        {"landlock", stage_landlock},
        {"filters", stage_filters},
        {"watch", stage_watch},
};

static _Noreturn void fail(struct entering *entering, const char *stage, const struct error *err)
{
	struct sandbox_report *report = entering->report;
	const uint64_t one = 1;

	snprintf(report->message, sizeof(report->message), "entering the sandbox: %s: %s", stage,
	         error_message(err));
	snprintf(report->help, sizeof(report->help), "%s", err->help ? err->help : "");
	__atomic_store_n(&report->outcome, SANDBOX_FAILED, __ATOMIC_RELEASE);
	/* The supervisor also sees this process end, should the event fail. */
	if (write(entering->event, &one, sizeof(one)) < 0)
		_exit(125);
	_exit(125);
}

void sandbox_enter(struct entering *entering)
{
	struct error err = {0};

	for (size_t i = 0; i < sizeof(stages) / sizeof(*stages); i++) {
		if (stages[i].run(entering, &err) < 0)
			fail(entering, stages[i].name, &err);
		timing_mark(entering->timing, "enter", stages[i].name);
	}
	stage_init(entering);
}
