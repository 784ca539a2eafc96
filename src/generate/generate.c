/* The program that turns policies/ into C during the build:
 *
 *   generate tables FOLDER            the tables of policy/tables.h
 *   generate filter FILE ARCHITECTURE NAME
 *                                     a filter of plan/filter.h
 *
 * It prints nothing but the whole result: a failure leaves standard output empty. */
#include "base/buffer.h"
#include "base/error.h"
#include "generate/filter.h"
#include "generate/tables.h"

#include <stdio.h>
#include <string.h>

static int generate(int argc, char **argv, struct buffer *out, struct error *err)
{
	if (argc == 3 && strcmp(argv[1], "tables") == 0)
		return tables_generate(argv[2], out, err);
	if (argc == 5 && strcmp(argv[1], "filter") == 0)
		return filter_generate(argv[2], argv[3], argv[4], out, err);
	return error_set(err,
	                 "usage: generate tables FOLDER | generate filter FILE ARCHITECTURE NAME");
}

int main(int argc, char **argv)
{
	cleanup_error struct error err = {0};
	cleanup_buffer struct buffer out = {0};

	if (generate(argc, argv, &out, &err) < 0) {
		fprintf(stderr, "generate: %s\n", error_message(&err));
		return 1;
	}
	if (fwrite(out.data, 1, out.size, stdout) != out.size || fflush(stdout) != 0) {
		perror("generate: standard output");
		return 1;
	}
	return 0;
}
