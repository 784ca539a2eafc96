#include "cmd/cmd.h"

#include <stdio.h>

/* `--print-policies`: the built-in policies as they were compiled in. */
int cmd_policies(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	for (size_t i = 0; remit_policy_name(i); i++)
		printf("# ==== %s\n%s\n", remit_policy_name(i), remit_policy_text(i));
	return cmd_print("");
}
