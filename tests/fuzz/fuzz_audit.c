/* Logs of any content, and every form of the report on them. */
#include "audit/formats.h"
#include "audit/reader.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool condition)
{
	if (!condition)
		abort();
}

static int (*const formats[])(const struct report *, const struct report_frame *, struct buffer *,
                              struct error *) = {
        format_text, format_json, format_markdown, format_sarif, format_policy,
};

enum {
	WIDTH = 60,
};

/* No form of a report holds a control character or an escape sequence, whatever the log does. */
static void check_text(const struct buffer *out)
{
	for (size_t i = 0; i < out->size; i++) {
		unsigned char c = (unsigned char)out->data[i];
		demand((c >= 0x20 || c == '\n') && c != 0x7F);
	}
	demand(!memmem(out->data, out->size, "##[", 3));
	demand(!memmem(out->data, out->size, "##v", 3));
	demand(!memmem(out->data, out->size, "\n::", 3));
}

/* All that was counted is in some place of some reason. */
static void check_sums(const struct report *report)
{
	unsigned long long reasons = 0;
	unsigned long long places = 0;

	for (size_t i = 0; i < report->reason_count; i++) {
		const struct report_reason *reason = report->reasons[i];
		reasons += reason->count;
		for (size_t k = 0; k < reason->place_count; k++)
			places += reason->places[k]->count;
	}
	demand(reasons == record_sum(report->totals.denied) + record_sum(report->totals.hidden));
	demand(places == reasons);
}

static void check_report(const struct report *report)
{
	static const char *const logs[] = {"log", NULL};
	static const char *const notes[] = {NULL};
	struct report_frame frame = {.logs = logs, .notes = notes, .width = WIDTH};

	check_sums(report);
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		struct buffer out = {0};
		struct error err = {0};
		demand(formats[i](report, &frame, &out, &err) == 0);
		check_text(&out);
		buffer_free(&out);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int file = -1;
	struct report *report = report_new();
	struct reader_result result;
	struct error err = {0};

	if (file < 0)
		file = memfd_create("log", MFD_CLOEXEC);
	demand(file >= 0 && report && ftruncate(file, 0) == 0);
	demand(pwrite(file, data, size, 0) == (ssize_t)size && lseek(file, 0, SEEK_SET) == 0);
	if (reader_descriptor(file, "log", report_add, report, &result, &err) == 0) {
		demand(report_finish(report, &err) == 0);
		check_report(report);
	} else {
		demand(err.message != NULL);
		error_clear(&err);
	}
	report_free(report);
	return 0;
}
