/* races attack ROUNDS    exit status 0: nothing forbidden was reached; 1: something was
 * races control ROUNDS   the same under a supervisor that checks, then continues: 1 is expected */
#include "races.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
	unsigned long rounds = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;

	if (rounds > 0 && strcmp(argv[1], "control") == 0)
		return control(1 << BY_MEMORY | 1 << BY_LINK | 1 << BY_FOLDER | 1 << BY_CONTENT,
		               rounds);
	if (rounds > 0 && strcmp(argv[1], "attack") == 0) {
		int reached = attack((1 << WAYS) - 1, rounds, false);
		return reached < 0 ? 2 : reached > 0;
	}
	fputs("usage: races attack|control ROUNDS\n", stderr);
	return 2;
}
