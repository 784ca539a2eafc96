/* The one error channel: every function that can fail takes a `struct error *`,
 * returns a negative value and leaves there what went wrong; callers put their
 * context in front on the way up. Only `main` prints. */
#ifndef REMIT_BASE_ERROR_H
#define REMIT_BASE_ERROR_H

/* All zero is "no error". `message` and `help` are owned by the struct. */
struct error {
	char *message; /* what went wrong, outermost context first */
	char *help;    /* what would mend it, or NULL */
};

#define error_printf_like(n) __attribute__((format(printf, n, n + 1)))

/* Sets the message (an older one is replaced). Always returns -1. */
int error_set(struct error *err, const char *format, ...) error_printf_like(2);

/* As error_set, followed by ": " and the text of errno value `number`. Always returns -1. */
int error_system(struct error *err, int number, const char *format, ...) error_printf_like(3);

/* Puts "CONTEXT: " in front of the message. Always returns -1. */
int error_context(struct error *err, const char *format, ...) error_printf_like(2);

/* Sets what would help. Always returns -1. */
int error_help(struct error *err, const char *format, ...) error_printf_like(2);

/* The error of an allocation that failed. Always returns -1. */
int error_memory(struct error *err);

/* Never NULL. The text belongs to `err`. */
const char *error_message(const struct error *err);

void error_clear(struct error *err);

#define cleanup_error __attribute__((cleanup(error_clear)))

#endif
