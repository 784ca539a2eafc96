/* What the network decides without a sandbox: verdicts on peers, names and their addresses,
 * questions of names. */
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "network/dns.h"
#include "network/names.h"
#include "policy/network.h"
#include "policy/peer.h"
#include "policy/policy.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ALLOW        VERDICT_ALLOW
#define ASK          VERDICT_ASK
#define DENY         VERDICT_DENY

/* --- Verdicts --------------------------------------------------------------------------------- */

enum {
	RULES = 4,
};

/* An agent and what the operator says. */
struct world {
	const char *tools;
	const char *mode; /* or NULL: acceptEdits, in which connect asks */
	const char *grants[RULES];
	const char *denies[RULES];
};

static const char *const none[] = {NULL};

static struct policy *made(const struct world *world)
{
	struct agent *agent = NULL;
	struct policy *policy = NULL;
	struct error err = {0};
	cleanup_free char *text = NULL;
	struct request request = {
	        .workspace = "/w",
	        .home = "/home/u",
	        .directory = "/w",
	        .mode = world->mode,
	        .policies = {none, 0},
	        .grants = {world->grants, 0},
	        .denies = {world->denies, 0},
	};

	while (request.grants.count < RULES && world->grants[request.grants.count])
		request.grants.count++;
	while (request.denies.count < RULES && world->denies[request.denies.count])
		request.denies.count++;
	ck_assert_int_gt(asprintf(&text,
	                          "---\nname: a\ndescription: b\ntools: %s\npermissionMode: "
	                          "acceptEdits\n---\nText.\n",
	                          world->tools),
	                 0);
	ck_assert_int_eq(agent_parse("a.md", text, strlen(text), &agent, &err), 0);
	ck_assert_msg(policy_build(agent, &request, &policy, &err) == 0, "%s", error_message(&err));
	agent_free(agent);
	return policy;
}

#define NAMED                                                        \
	{                                                            \
		.tools = "Write", .grants = { "connect:ok.example" } \
	}
#define BELOW                                                              \
	{                                                                  \
		.tools = "Write", .grants = { "connect:*.ok.example:443" } \
	}
#define NUMBER                                                                                 \
	{                                                                                      \
		.tools = "Write", .grants = { "connect:10.0.0.0/8", "connect:127.0.0.1:8080" } \
	}
#define ANY                                                             \
	{                                                               \
		.tools = "Write, WebFetch", .mode = "bypassPermissions" \
	}
#define LESS                                                                         \
	{                                                                            \
		.tools = "Write, WebFetch", .mode = "bypassPermissions", .denies = { \
			"connect:bad.example",                                       \
			"connect:45.9.0.0/16",                                       \
			"connect:*:25"                                               \
		}                                                                    \
	}
#define PORTS                                          \
	{                                              \
		.tools = "Write", .grants = {          \
			"connect:ok.example:22",       \
			"connect:ok.example:8000-8010" \
		}                                      \
	}
#define DOMAIN                                                                             \
	{                                                                                  \
		.tools = "Write, WebFetch(domain:ok.example)", .mode = "bypassPermissions" \
	}
#define AGENT                                                                            \
	{                                                                                \
		.tools = "Write, WebFetch(domain:10.1.1.1)", .mode = "bypassPermissions" \
	}
#define PLANNED                                                                                \
	{                                                                                      \
		.tools = "Write, WebFetch(domain:45.0.0.1), WebFetch(domain:ok.example:8080)", \
		.mode = "plan", .grants = {                                                    \
			"connect:ok.example"                                                   \
		}                                                                              \
	}
#define MAPPED                                                                                 \
	{                                                                                      \
		.tools = "Write", .grants = {"connect:0.0.0.0/0", "connect:::/0"}, .denies = { \
			"connect:[::ffff:45.0.0.11]",                                          \
			"connect:127.0.0.0/8",                                                 \
			"connect:[::1]"                                                        \
		}                                                                              \
	}
#define ALL                                                 \
	{                                                   \
		.tools = "Write", .grants = { "connect:*" } \
	}

static const struct peer_row {
	struct world world;
	const char *name; /* that the address is known by, or NULL */
	const char *address;
	uint16_t port;
	enum verdict verdict;
	bool must_name; /* where it is allowed */
} peer_rows[] = {
        /* A name opens what it has, on every port; another name, or none, does not. */
        {NAMED, "ok.example", "45.0.0.1", 443, ALLOW, true},
        {NAMED, "ok.example", "45.0.0.1", 22, ALLOW, true},
        {NAMED, "other.example", "45.0.0.1", 443, DENY, false},
        {NAMED, "x.ok.example", "45.0.0.1", 443, DENY, false},
        {NAMED, NULL, "45.0.0.1", 443, DENY, false},
        /* But never what is not public. */
        {NAMED, "ok.example", "127.0.0.1", 443, DENY, false},
        {NAMED, "ok.example", "169.254.169.254", 80, DENY, false},
        {NAMED, "ok.example", "fd00:ec2::254", 80, DENY, false},
        {NAMED, "ok.example", "::ffff:10.0.0.1", 443, DENY, false},
        {NAMED, "ok.example", "64:ff9b::a00:1", 443, DENY, false},
        {NAMED, "ok.example", "64:ff9b::2d00:1", 443, ALLOW, true},
        {BELOW, "a.ok.example", "45.0.0.1", 443, ALLOW, true},
        {BELOW, "a.b.ok.example", "45.0.0.1", 443, ALLOW, true},
        {BELOW, "ok.example", "45.0.0.1", 443, DENY, false},
        {BELOW, "a.ok.example", "45.0.0.1", 80, DENY, false},
        {BELOW, "notok.example", "45.0.0.1", 443, DENY, false},
        /* Who names an address means it. */
        {NUMBER, NULL, "10.1.2.3", 5432, ALLOW, false},
        {NUMBER, "any.example", "10.1.2.3", 443, ALLOW, false},
        {NUMBER, NULL, "::ffff:10.1.2.3", 5432, ALLOW, false},
        {NUMBER, NULL, "11.1.2.3", 5432, DENY, false},
        {NUMBER, NULL, "127.0.0.1", 8080, ALLOW, false},
        {NUMBER, NULL, "127.0.0.1", 8081, DENY, false},
        {NUMBER, NULL, "127.0.0.2", 8080, DENY, false},
        /* Any public address on the ports of the web. */
        {ANY, NULL, "45.0.0.1", 443, ALLOW, false},
        {ANY, NULL, "45.0.0.1", 80, ALLOW, false},
        {ANY, NULL, "45.0.0.1", 25, DENY, false},
        {ANY, NULL, "2600::1", 443, ALLOW, false},
        {ANY, NULL, "10.0.0.1", 443, DENY, false},
        {ANY, NULL, "100.64.0.1", 443, DENY, false},
        {ANY, NULL, "168.63.129.16", 80, DENY, false},
        {ANY, NULL, "::1", 80, DENY, false},
        {ANY, NULL, "fe80::1", 80, DENY, false},
        {ANY, "any.example", "45.0.0.1", 443, ALLOW, false},
        {{.tools = "Write, WebFetch"}, NULL, "45.0.0.1", 443, ASK, false},
        /* Denies win, whichever side they name; then names must be spoken. */
        {LESS, NULL, "45.0.0.1", 443, ALLOW, true},
        {LESS, "bad.example", "45.0.0.1", 443, DENY, false},
        {LESS, "good.example", "45.9.0.1", 443, DENY, false},
        {LESS, NULL, "45.9.0.1", 443, DENY, false},
        {LESS, NULL, "45.0.0.1", 25, DENY, false},
        /* Rules that name a port for what names nobody. */
        {PORTS, "ok.example", "45.0.0.1", 22, ALLOW, false},
        {PORTS, "ok.example", "45.0.0.1", 8005, ALLOW, false},
        {PORTS, "ok.example", "45.0.0.1", 8011, DENY, false},
        {DOMAIN, "ok.example", "45.0.0.1", 443, ALLOW, true},
        {DOMAIN, "other.example", "45.0.0.1", 443, DENY, false},
        /* A definition's word does not open what is not public. */
        {AGENT, NULL, "10.1.1.1", 443, DENY, false},
        /* A rule that a mode takes away permits nothing, nor that nobody be named. */
        {PLANNED, "ok.example", "45.0.0.1", 443, ALLOW, true},
        {PLANNED, "ok.example", "45.0.0.1", 8080, ALLOW, true},
        {PLANNED, NULL, "45.0.0.1", 443, DENY, false},
        /* One spelling of each address. */
        {MAPPED, NULL, "45.0.0.11", 80, DENY, false},
        {MAPPED, NULL, "::ffff:45.0.0.11", 80, DENY, false},
        {MAPPED, NULL, "45.0.0.12", 80, ALLOW, false},
        {MAPPED, NULL, "127.0.0.1", 80, DENY, false},
        {MAPPED, NULL, "0.0.0.0", 80, DENY, false},
        {MAPPED, NULL, "::", 80, DENY, false},
        {ALL, NULL, "45.0.0.1", 25, ALLOW, false},
        {ALL, NULL, "10.0.0.1", 25, DENY, false},
};

START_TEST(peers)
{
	const struct peer_row *row = &peer_rows[_i];
	struct policy *policy = made(&row->world);
	struct network_address address;
	struct decision decision;

	ck_assert(network_address_parse(row->address, &address));
	network_decide(policy, row->name, &address, row->port, &decision);
	ck_assert_msg(decision.verdict == row->verdict, "%d: %s %s %u: %s (%s)", _i,
	              row->name ? row->name : "-", row->address, row->port,
	              verdict_name(decision.verdict), decision.because);
	ck_assert_ptr_nonnull(decision.because);
	if (row->verdict == ALLOW)
		ck_assert_msg(network_must_name(policy, row->name, &address, row->port, ALLOW) ==
		                      row->must_name,
		              "%d: %s %s", _i, row->name ? row->name : "-", row->address);
	policy_free(policy);
}
END_TEST

static const struct name_row {
	struct world world;
	const char *name;
	enum verdict verdict;
	bool exact;
} name_rows[] = {
        {NAMED, "ok.example", ALLOW, true},
        {NAMED, "other.example", DENY, false},
        {BELOW, "a.ok.example", ALLOW, false},
        {BELOW, "ok.example", DENY, false},
        {PORTS, "ok.example", ALLOW, true},
        {NUMBER, "ok.example", DENY, false},
        {ANY, "any.example", ALLOW, false},
        {LESS, "bad.example", DENY, false},
        {LESS, "good.example", ALLOW, false},
        {DOMAIN, "ok.example", ALLOW, true},
        {{.tools = "Write, WebFetch"}, "any.example", ASK, false},
};

START_TEST(looked_up)
{
	const struct name_row *row = &name_rows[_i];
	struct policy *policy = made(&row->world);
	struct decision decision;

	network_decide_name(policy, row->name, &decision);
	ck_assert_msg(decision.verdict == row->verdict, "%d: %s: %s", _i, row->name,
	              verdict_name(decision.verdict));
	ck_assert_msg(network_name_is_exact(policy, row->name) == row->exact, "%d: %s", _i,
	              row->name);
	policy_free(policy);
}
END_TEST

static const struct permits_row {
	struct world world;
	bool permits;
} permits_rows[] = {
        {NAMED, true},
        {ANY, true},
        {{.tools = "Write"}, false},
        {{.tools = "Write, WebFetch"}, false},
        {{.tools = "Write", .grants = {"connect:a.example"}, .denies = {"connect:*"}}, false},
        {{.tools = "Write", .grants = {"connect:a.example"}, .denies = {"connect:a.example:25"}},
         true},
        {{.tools = "Write", .grants = {"connect:a.example"}, .denies = {"connect:a.example"}},
         false},
};

START_TEST(permits)
{
	struct policy *policy = made(&permits_rows[_i].world);
	struct decision decision;
	const char *peer;

	ck_assert_msg(network_permits(policy, ALLOW, &decision, &peer) == permits_rows[_i].permits,
	              "%d", _i);
	policy_free(policy);
}
END_TEST

START_TEST(permits_where_somebody_is_asked)
{
	const struct world world = {.tools = "Write, WebFetch"};
	struct policy *policy = made(&world);
	struct decision decision;
	const char *peer;

	ck_assert(!network_permits(policy, ALLOW, &decision, &peer));
	ck_assert(network_permits(policy, ASK, &decision, &peer));
	policy_free(policy);
}
END_TEST

static const struct special_row {
	const char *text;
	bool special;
} special_rows[] = {
        {"8.8.8.8", false},      {"9.255.255.255", false},  {"10.0.0.0", true},
        {"11.0.0.0", false},     {"100.63.0.1", false},     {"100.64.0.0/10", true},
        {"100.128.0.1", false},  {"126.1.1.1", false},      {"127.9.9.9", true},
        {"169.254.0.1", true},   {"172.15.1.1", false},     {"172.16.0.1", true},
        {"172.32.0.1", false},   {"192.168.1.1", true},     {"198.18.0.1", true},
        {"223.255.0.1", false},  {"224.0.0.1", true},       {"255.255.255.255", true},
        {"0.0.0.0", true},       {"0.0.0.0/0", true},       {"8.0.0.0/7", false},
        {"168.63.129.16", true}, {"168.63.129.17", false},  {"::", true},
        {"::1", true},           {"[::1]:80", true},        {"fe80::1", true},
        {"fc00::1", true},       {"ff02::1", true},         {"2001::1", true},
        {"2001:db8::1", true},   {"2002:a00:1::", true},    {"2600::1", false},
        {"2001:4860::1", false}, {"::ffff:8.8.8.8", false}, {"::ffff:127.0.0.1", true},
        {"::7f00:1", true},      {"64:ff9b::7f00:1", true}, {"64:ff9b::808:808", false},
        {"host.example", false}, {"4000::1", true},         {"10.0.0.1:80", true},
};

START_TEST(special)
{
	ck_assert_msg(peer_is_special(special_rows[_i].text) == special_rows[_i].special, "%s",
	              special_rows[_i].text);
}
END_TEST

/* --- Names and addresses ---------------------------------------------------------------------- */

START_TEST(names_expire)
{
	struct names *names = NULL;
	struct error err = {0};
	struct network_address one;
	struct network_address two;

	ck_assert_int_eq(names_new(&names, &err), 0);
	network_address_parse("45.0.0.1", &one);
	network_address_parse("45.0.0.2", &two);
	ck_assert_int_eq(names_add(names, "a.example", &one, 100), 0);
	ck_assert_int_eq(names_add(names, "b.example", &one, 200), 0);
	ck_assert(names_has(names, "a.example", &one, 100));
	ck_assert(!names_has(names, "a.example", &one, 101));
	ck_assert(names_has(names, "b.example", &one, 101));
	ck_assert(!names_has(names, "b.example", &two, 1));
	ck_assert_int_eq(names_add(names, "a.example", &one, 300), 0);
	ck_assert(names_has(names, "a.example", &one, 300));
	/* Never shortened by a later answer. */
	ck_assert_int_eq(names_add(names, "a.example", &one, 50), 0);
	ck_assert(names_has(names, "a.example", &one, 300));
	/* Of several names the one that was added last comes first. */
	size_t place = 0;
	ck_assert_str_eq(names_next(names, &one, 1, &place), "a.example");
	ck_assert_str_eq(names_next(names, &one, 1, &place), "b.example");
	ck_assert_ptr_null(names_next(names, &one, 1, &place));
	ck_assert_int_eq(names_add(names, "b.example", &one, 200), 0);
	place = 0;
	ck_assert_str_eq(names_next(names, &one, 1, &place), "b.example");
	names_free(names);
}
END_TEST

START_TEST(names_are_bounded)
{
	struct names *names = NULL;
	struct error err = {0};
	struct network_address address;
	char name[32];

	ck_assert_int_eq(names_new(&names, &err), 0);
	network_address_parse("45.0.0.1", &address);
	for (int i = 0; i < NAMES_MOST + 10; i++) {
		snprintf(name, sizeof(name), "n%d.example", i);
		address.bytes.s6_addr[15] = (unsigned char)i;
		ck_assert_int_eq(names_add(names, name, &address, 100), 0);
	}
	address.bytes.s6_addr[15] = 9;
	ck_assert(!names_has(names, "n9.example", &address, 1));
	address.bytes.s6_addr[15] = 10;
	ck_assert(names_has(names, "n10.example", &address, 1));
	names_free(names);
}
END_TEST

/* --- Questions of names ----------------------------------------------------------------------- */

#define HEADER(flags, questions) "\x12\x34" flags "\0" questions "\0\0\0\0\0\0"
#define ASKED                    HEADER("\x01\0", "\1")
#define OK_NAME                  "\2Ok\7example\0"

static const struct dns_row {
	const char *bytes;
	size_t size;
	bool parsed, plain;
	const char *name;
} dns_rows[] = {
#define DNS(text) text, sizeof(text) - 1
        {DNS(ASKED OK_NAME "\0\1\0\1"), true, true, "ok.example"},
        {DNS(ASKED OK_NAME "\0\1\0"), false, false, ""},
        {DNS(ASKED "\2Ok\7exam"), false, false, ""},
        {DNS(ASKED "\xc0\x0c\0\1\0\1"), false, false, ""},
        {DNS(ASKED "\0\0\1\0\1"), true, false, ""},
        {DNS(ASKED "\1\x1b\0\0\1\0\1"), true, false, "?"},
        {DNS(ASKED "\3a.b\0\0\1\0\1"), true, false, "a?b"},
        {DNS(ASKED "\1"
                   "1\1"
                   "2\1"
                   "3\1"
                   "4\0\0\1\0\1"),
         true, false, "1.2.3.4"},
        {DNS(HEADER("\x81\0", "\1") OK_NAME "\0\1\0\1"), false, false, ""},
        {DNS(HEADER("\x01\0", "\2") OK_NAME "\0\1\0\1"), false, false, ""},
        {DNS(HEADER("\x29\0", "\1") OK_NAME "\0\1\0\1"), false, false, ""},
        {DNS("\x12\x34"), false, false, ""},
};

START_TEST(questions)
{
	const struct dns_row *row = &dns_rows[_i];
	struct dns_query query;

	ck_assert_msg(dns_parse((const unsigned char *)row->bytes, row->size, &query) ==
	                      row->parsed,
	              "%d", _i);
	if (!row->parsed)
		return;
	ck_assert_str_eq(query.name, row->name);
	ck_assert_int_eq(query.plain, row->plain);
}
END_TEST

START_TEST(answers)
{
	static const char question[] = ASKED OK_NAME "\0\1\0\1";
	static const char expected[] = "\x12\x34\x81\x80\0\1\0\1\0\0\0\0" OK_NAME "\0\1\0\1"
	                               "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x2d\0\0\1";
	struct dns_query query;
	struct network_address addresses[40];
	unsigned char out[DNS_DATAGRAM];

	ck_assert(dns_parse((const unsigned char *)question, sizeof(question) - 1, &query));
	network_address_parse("2600::1", &addresses[0]);
	network_address_parse("45.0.0.1", &addresses[1]);
	size_t size = dns_answer(&query, DNS_NO_ERROR, addresses, 2, 60, out);
	ck_assert_uint_eq(size, sizeof(expected) - 1);
	ck_assert_mem_eq(out, expected, size);
	for (size_t i = 0; i < COUNT(addresses); i++)
		network_address_parse("45.0.0.1", &addresses[i]);
	ck_assert_uint_le(dns_answer(&query, DNS_NO_ERROR, addresses, COUNT(addresses), 60, out),
	                  DNS_DATAGRAM);
	ck_assert_uint_eq(out[7], DNS_ADDRESSES);
	ck_assert_uint_eq(dns_answer(&query, DNS_NO_NAME, NULL, 0, 60, out), sizeof(question) - 1);
	ck_assert_uint_eq(out[3] & 0xf, DNS_NO_NAME);
}
END_TEST
int main(void)
{
	Suite *suite = suite_create("network");
	TCase *tests = tcase_create("network");

	tcase_add_loop_test(tests, peers, 0, COUNT(peer_rows));
	tcase_add_loop_test(tests, looked_up, 0, COUNT(name_rows));
	tcase_add_loop_test(tests, permits, 0, COUNT(permits_rows));
	tcase_add_test(tests, permits_where_somebody_is_asked);
	tcase_add_loop_test(tests, special, 0, COUNT(special_rows));
	tcase_add_test(tests, names_expire);
	tcase_add_test(tests, names_are_bounded);
	tcase_add_loop_test(tests, questions, 0, COUNT(dns_rows));
	tcase_add_test(tests, answers);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
