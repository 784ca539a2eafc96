/* How a program uses libremit: says what a definition permits, asks about one operation, then runs
 * a command confined and shows what remit had to say about it.
 *
 *   cc confine.c $(pkg-config --cflags --libs remit) -o confine
 *   cc -static confine.c $(pkg-config --static --cflags --libs remit) -o confine
 *
 *   ./confine reviewer.md ~/project src/main.c sh -c 'echo changed > src/main.c'
 */
#include <remit.h>
#include <stdio.h>
#include <stdlib.h>

extern char **environ;

enum {
	ARGUMENTS = 5, /* with the program's name */
	STATUS_USAGE = 2,
};

/* Says what went wrong, and returns the status for it. */
static int fail(struct remit_error *error)
{
	fprintf(stderr, "confine: %s\n", error->message ? error->message : "out of memory");
	if (error->help)
		fprintf(stderr, "confine: %s\n", error->help);
	remit_error_clear(error);
	return REMIT_STATUS_FAILED;
}

static void print_notice(void *data, enum remit_notice notice, const char *text)
{
	static const char *const kinds[] = {
	        [REMIT_NOTICE_NOTE] = "note",
	        [REMIT_NOTICE_WARNING] = "warning",
	};

	/* Others are for who wants to know more. */
	if (notice <= REMIT_NOTICE_WARNING)
		fprintf(data, "%s: %s\n", kinds[notice], text);
}

/* The whole answer is text for people; REMIT_FORMAT_JSON is for programs. */
static int explain(const struct remit_options *options, struct remit_error *error)
{
	char *text;

	if (remit_explain(options, REMIT_FORMAT_TABLE, &text, error) < 0)
		return -1;
	fputs(text, stdout);
	free(text);
	return 0;
}

static int ask(const struct remit_options *options, const char *target, struct remit_error *error)
{
	static const char *const words[] = {
	        [REMIT_DENY] = "deny", [REMIT_ASK] = "ask", [REMIT_ALLOW] = "allow"};
	enum remit_verdict verdict;
	char *reasons;

	if (remit_why(options, "write", target, &verdict, &reasons, error) < 0)
		return -1;
	printf("write %s: %s, because\n%s\n", target, words[verdict], reasons);
	free(reasons);
	return 0;
}

int main(int argc, char **argv)
{
	struct remit_options options;
	struct remit_error error = {0};
	int status;

	if (argc < ARGUMENTS) {
		fputs("usage: confine DEFINITION WORKSPACE TARGET COMMAND...\n", stderr);
		return STATUS_USAGE;
	}
	remit_options_init(&options);
	options.agent = argv[1];
	options.workspace = argv[2];
	if (explain(&options, &error) < 0 || ask(&options, argv[3], &error) < 0)
		return fail(&error);
	/* The command writes to the same standard output. */
	fflush(stdout);
	if (remit_run(&options, argv + ARGUMENTS - 1, environ, print_notice, stdout, &status,
	              &error) < 0)
		return fail(&error); /* nothing was executed */
	if (error.message)
		fail(&error); /* it could not be executed: status is 126 or 127 */
	printf("status %d\n", status);
	return status;
}
