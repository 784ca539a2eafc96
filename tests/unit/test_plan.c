/* Parts of a plan that can be judged without a kernel: Landlock tables, listings, environment. */
#include "agent/agent.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "plan/landlock_rights.h"
#include "plan/listing.h"
#include "plan/parts.h"
#include "policy/policy.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const enum right_group groups[] = {RIGHT_READ,   RIGHT_WRITE,           RIGHT_EXECUTE,
                                          RIGHT_DEVICE, RIGHT_UNHANDLED_WRITE, RIGHT_SOCKET};

START_TEST(rights_are_distinct)
{
	uint64_t seen = 0;

	for (size_t i = 0; i < landlock_rights_count; i++) {
		uint64_t right = landlock_rights[i].right;
		ck_assert(right && (right & (right - 1)) == 0);
		ck_assert((seen & right) == 0);
		ck_assert(landlock_rights[i].abi >= 1 && landlock_rights[i].abi <= 10);
		seen |= right;
	}
}
END_TEST

/* What each ABI of Linux added: a kernel refuses a ruleset with a bit that it does not know. */
START_TEST(abis_know_their_rights)
{
	static const uint64_t known[] = {
	        [1] = 0x1fff, [2] = 0x3fff, [3] = 0x7fff, [4] = 0x7fff,  [5] = 0xffff,
	        [6] = 0xffff, [7] = 0xffff, [8] = 0xffff, [9] = 0x1ffff, [10] = 0x1ffff};

	for (int abi = 1; abi <= 10; abi++) {
		uint64_t all = 0;
		for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++)
			all |= landlock_group(groups[i], abi);
		ck_assert_uint_eq(all, known[abi]);
	}
	ck_assert_uint_eq(landlock_group(RIGHT_WRITE, 0), 0);
}
END_TEST

START_TEST(reading_is_not_handled)
{
	uint64_t handled = landlock_group(RIGHT_WRITE, 10) | landlock_group(RIGHT_EXECUTE, 10) |
	                   landlock_group(RIGHT_DEVICE, 10) | landlock_group(RIGHT_SOCKET, 10);

	/* read-file, read-dir, truncate: handled, they slow every open down. */
	ck_assert_uint_eq(handled & (0x4 | 0x8 | 0x4000), 0);
	/* write-file, execute, make-reg, refer: the second wall. */
	ck_assert_uint_eq(handled & (0x2 | 0x1 | 0x100 | 0x2000), 0x2 | 0x1 | 0x100 | 0x2000);
}
END_TEST

START_TEST(files_take_no_rights_of_folders)
{
	ck_assert_uint_eq(landlock_file_rights(0x1ffff),
	                  0x1 | 0x2 | 0x4 | 0x4000 | 0x8000 | 0x10000);
}
END_TEST

START_TEST(listings_answer_for_names)
{
	char shared[] = "/dev/shm/remit-test-plan.XXXXXX";
	char temporary[] = "/tmp/remit-test-plan.XXXXXX";
	char *folder = mkdtemp(shared); /* a tmpfs: its listings are complete */
	bool complete = folder != NULL;
	struct listing listing;
	struct error err = {0};

	if (!folder)
		folder = mkdtemp(temporary);
	ck_assert_ptr_nonnull(folder);
	cleanup_free char *inner = text_printf("%s/.config", folder);
	ck_assert_int_eq(mkdir(inner, 0700), 0);
	/* It outlives the text that it was read by. */
	char *name = text_printf("%s", folder);
	ck_assert_int_eq(listing_read(name, &listing, &err), 0);
	memset(name, 'x', strlen(name));
	free(name);
	cleanup_free char *below = text_printf("%s/.config/x/y", folder);
	cleanup_free char *longer = text_printf("%s/.configuration", folder);
	cleanup_free char *shorter = text_printf("%s/.conf", folder);
	ck_assert(listing_may_hold(&listing, inner));
	ck_assert(listing_may_hold(&listing, below));
	ck_assert(listing.complete || !complete);
	ck_assert_int_eq(listing_may_hold(&listing, longer), !listing.complete);
	ck_assert_int_eq(listing_may_hold(&listing, shorter), !listing.complete);
	/* Of what lies elsewhere it knows nothing. */
	ck_assert(listing_may_hold(&listing, "/nowhere/at/all"));
	listing_clear(&listing);

	/* A folder that cannot be listed says nothing about its names. */
	ck_assert_int_eq(listing_read(longer, &listing, &err), 0);
	cleanup_free char *unknown = text_printf("%s/name", longer);
	ck_assert(listing_may_hold(&listing, unknown));
	listing_clear(&listing);
	rmdir(inner);
	rmdir(folder);

	/* Nor does one where a look-up can find what is not listed; nor one that was never read. */
	ck_assert_int_eq(listing_read("/proc", &listing, &err), 0);
	ck_assert(listing_may_hold(&listing, "/proc/thread-self-or-not"));
	listing_clear(&listing);
	ck_assert(listing_may_hold(&listing, "/proc/any"));
}
END_TEST

struct made {
	struct policy *policy;
	struct plan plan;
};

/* The environment part alone, of a policy with `keep` options. */
static struct made make(const char *const *keep, size_t count, char *const *environment)
{
	static const char text[] = "---\nname: a\ndescription: b\ntools: Read, Bash\n---\n";
	struct error err = {0};
	cleanup_agent struct agent *agent = NULL;
	const struct request request = {
	        .workspace = "/srv/project",
	        .home = "/home/somebody",
	        .directory = "/srv/project",
	        .keep = {.items = keep, .count = count},
	};
	char folder[] = "/srv/project";
	struct place place = {.directory = folder};
	struct made made = {0};

	ck_assert_int_eq(agent_parse("a.md", text, strlen(text), &agent, &err), 0);
	ck_assert_msg(policy_build(agent, &request, &made.policy, &err) == 0, "%s",
	              error_message(&err));
	const struct plan_request wanted = {
	        .policy = made.policy, .place = &place, .environment = environment};
	ck_assert_int_eq(plan_environment_part(&wanted, &made.plan, &err), 0);
	return made;
}

static void unmake(struct made *made)
{
	for (char **list = made->plan.environment; list && *list; list++)
		free(*list);
	for (char **list = made->plan.dropped; list && *list; list++)
		free(*list);
	free(made->plan.environment);
	free(made->plan.dropped);
	free(made->plan.directory);
	free(made->plan.search_path);
	policy_free(made->policy);
}

static bool holds(char *const *list, const char *text)
{
	for (; list && *list; list++)
		if (strcmp(*list, text) == 0)
			return true;
	return false;
}

START_TEST(environment_is_an_allow_list)
{
	char path[] = "PATH=/usr/bin", token[] = "GITHUB_TOKEN=ghp_x", lang[] = "LANG=C.UTF-8",
	     odd[] = "WITHOUT_VALUE", other[] = "SOMETHING_ELSE=1", empty[] = "=x";
	char *environment[] = {path, token, lang, odd, other, empty, NULL};
	struct made made = make(NULL, 0, environment);

	ck_assert(holds(made.plan.environment, "PATH=/usr/bin"));
	ck_assert(holds(made.plan.environment, "LANG=C.UTF-8"));
	ck_assert(!holds(made.plan.environment, "GITHUB_TOKEN=ghp_x"));
	ck_assert(!holds(made.plan.environment, "SOMETHING_ELSE=1"));
	ck_assert(holds(made.plan.dropped, "GITHUB_TOKEN"));
	ck_assert(holds(made.plan.environment, "HOME=/home/somebody"));
	ck_assert(holds(made.plan.environment, "npm_config_offline=true"));
	ck_assert_str_eq(made.plan.search_path, "/usr/bin");
	unmake(&made);
}
END_TEST

START_TEST(environment_drops_values_that_look_like_keys)
{
	char plain[] = "MAKEFLAGS=-j4", whole[] = "LANG=ghp_0123456789012345678901234567890123456",
	     inner[] = "CFLAGS=-O2 -DTOKEN=ghp_0123456789012345678901234567890123456";
	char *environment[] = {plain, whole, inner, NULL};
	struct made made = make(NULL, 0, environment);

	ck_assert(holds(made.plan.environment, "MAKEFLAGS=-j4"));
	ck_assert(!holds(made.plan.environment, whole));
	ck_assert(!holds(made.plan.environment, inner));
	unmake(&made);
}
END_TEST

START_TEST(environment_keeps_what_the_operator_names)
{
	char token[] = "GITHUB_TOKEN=ghp_0123456789012345678901234567890123456";
	char *environment[] = {token, NULL};
	const char *const exact[] = {"GITHUB_TOKEN", "ADDED=yes"};
	const char *const pattern[] = {"GITHUB_*"};
	struct made made = make(exact, 2, environment);

	ck_assert(holds(made.plan.environment, token));
	ck_assert(holds(made.plan.environment, "ADDED=yes"));
	unmake(&made);
	/* A pattern keeps names; values that look like keys still go. */
	made = make(pattern, 1, environment);
	ck_assert(!holds(made.plan.environment, token));
	unmake(&made);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plan");
	TCase *cases = tcase_create("plan");

	tcase_add_test(cases, rights_are_distinct);
	tcase_add_test(cases, abis_know_their_rights);
	tcase_add_test(cases, reading_is_not_handled);
	tcase_add_test(cases, files_take_no_rights_of_folders);
	tcase_add_test(cases, listings_answer_for_names);
	tcase_add_test(cases, environment_is_an_allow_list);
	tcase_add_test(cases, environment_drops_values_that_look_like_keys);
	tcase_add_test(cases, environment_keeps_what_the_operator_names);
	suite_add_tcase(suite, cases);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
