/* A finished report in each of its forms. Names in it are of anybody's choosing: each form has one
 * function of base/escape.h, through which all of them go. */
#ifndef REMIT_AUDIT_FORMATS_H
#define REMIT_AUDIT_FORMATS_H

#include "audit/report.h"

/* What surrounds a report. Lists end with NULL. */
struct report_frame {
	const char *const *logs;  /* files, as they were given */
	const char *const *notes; /* what of them was left out, and why */
	size_t width;             /* columns of the terminal */
};

/* Each appends to `out`. Negative when memory is exhausted. */
int format_text(const struct report *report, const struct report_frame *frame, struct buffer *out,
                struct error *err);
int format_json(const struct report *report, const struct report_frame *frame, struct buffer *out,
                struct error *err);
int format_markdown(const struct report *report, const struct report_frame *frame,
                    struct buffer *out, struct error *err);
int format_sarif(const struct report *report, const struct report_frame *frame, struct buffer *out,
                 struct error *err);

/* A policy that would permit what was refused, as far as a grant can and should: what secrets and
 * protected names refuse, and what no grant undoes, is only counted in it. */
int format_policy(const struct report *report, const struct report_frame *frame, struct buffer *out,
                  struct error *err);

/* "denied" or "hidden". */
const char *format_class(const struct report_reason *reason);

#endif
