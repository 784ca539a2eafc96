/* Definitions as text: every shape that is read, every one that is refused with its line, the
 * recovery steps, the limits. */
#include "agent/agent.h"
#include "agent_text.h"
#include "base/buffer.h"
#include "base/cleanup.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

/* Front matter with a name on line 2; what a row says begins on line 3. */
static char *definition(const char *lines)
{
	struct buffer text = {0};

	buffer_printf(&text, "---\nname: x\n%s---\nText.\n", lines);
	return buffer_steal(&text);
}

struct shape_case {
	const char *lines;
	const char *agent;
};

static const struct shape_case shape_cases[] = {
        /* No list. */
        {"", "strict inherits;"},
        {"description: words\nmodel: opus\ntags: [a]\ncolor: red\nhooks: {}\n", "strict inherits;"},
        {"todos: x\nskills: [y]\nmcpServers: [z]\nmaxTurns: 3\nmemory: user\n", "strict inherits;"},
        {"name: y\nname: z\n", "strict inherits; duplicate-name@3;"},
        /* Strings. */
        {"tools: Read\n", "strict allowed Read@3;"},
        {"tools: Read, Write,Bash\n", "strict allowed Read@3 Write@3 Bash@3;"},
        {"tools: Read Write\tBash\n", "strict allowed Read@3 Write@3 Bash@3;"},
        {"tools: \"Read, Write\"\n", "strict allowed Read@3 Write@3;"},
        {"tools: 'Read,'\n", "strict allowed Read@3;"},
        {"tools: >\n  Read,\n  Write\n", "strict allowed Read@3 Write@3;"},
        {"tools: Read,\n  Write\n", "strict allowed Read@3 Write@3;"},
        {"tools: Read # , Bash\n", "strict allowed Read@3;"},
        {"tools: Bash(git add:*), Edit(src/**)\n",
         "strict allowed Bash(git add:*)@3 Edit(src/**)@3;"},
        {"tools: Bash(a, b (c d), e) Read\n", "strict allowed Bash(a, b (c d), e)@3 Read@3;"},
        {"tools: mcp__github__get_issue, mcp__ci__*, chrome-mcp\n",
         "strict allowed mcp__github__get_issue@3 mcp__ci__*@3 chrome-mcp@3;"},
        /* Lists. */
        {"tools: [Read, Write]\n", "strict allowed Read@3 Write@3;"},
        {"tools: [Read,\n  Write]\n", "strict allowed Read@3 Write@4;"},
        {"tools:\n  - Read\n\n  # why\n  - \"Bash(git *)\"\n",
         "strict allowed Read@4 Bash(git *)@7;"},
        {"tools:\n- Read\n- Write # c\n", "strict allowed Read@4 Write@5;"},
        /* Everything and nothing. */
        {"tools: \"*\"\n", "strict inherits;"},
        {"tools: ['*']\n", "strict inherits;"},
        {"tools: All tools\n", "strict inherits;"},
        {"tools: all TOOLS\n", "strict inherits;"},
        {"tools: [All tools]\n", "strict inherits;"},
        {"tools: Inherit\n", "strict inherits;"},
        {"tools: ['*', Read]\n", "strict inherits; allowed Read@3;"},
        {"tools: inherit, Read\n", "strict inherits; allowed Read@3;"},
        {"tools: []\n", "strict nothing;"},
        {"tools: \"\"\n", "strict nothing;"},
        {"tools: None\n", "strict nothing;"},
        {"tools: [none]\n", "strict nothing;"},
        /* Mappings. */
        {"tools:\n  allowed:\n    - Read\n    - Bash\n  forbidden:\n    - Write # no\n"
         "  rationale: words\n",
         "strict allowed Read@5 Bash@6; forbidden Write@8;"},
        {"tools: {Allowed: 'Read, Bash', forbidden: []}\n", "strict allowed Read@3 Bash@3;"},
        {"tools:\n  allowed: {Read: to look, Bash: to run}\n  forbidden:\n    Write: never\n",
         "strict allowed Read@4 Bash@4; forbidden Write@6;"},
        {"tools: {allowed: [], forbidden: [Bash]}\n", "strict nothing; forbidden Bash@3;"},
        {"tools: {allowed: '*', forbidden: [Bash]}\n", "strict inherits; forbidden Bash@3;"},
        {"tools: {forbidden: [Bash]}\n", "strict inherits; forbidden Bash@3;"},
        {"tools: {allowed: [Bash], forbidden: [Bash(rm *)]}\n",
         "strict allowed Bash@3; forbidden Bash(rm *)@3;"},
        {"tools:\n  Read: true\n  Write: false\n  Bash: True\n",
         "strict allowed Read@4 Bash@6; forbidden Write@5;"},
        {"tools: {'*': true, Bash: false}\n", "strict inherits; forbidden Bash@3;"},
        {"tools: {Bash: false}\n", "strict inherits; forbidden Bash@3;"},
        /* Other keys, other spellings. */
        {"disallowedTools: Write, Bash(rm *)\n",
         "strict inherits; forbidden Write@3 Bash(rm *)@3;"},
        {"disallowed-tools: [Write]\n", "strict inherits; forbidden Write@3;"},
        {"DISALLOWED_TOOLS:\n  - Write\n", "strict inherits; forbidden Write@4;"},
        {"disallowedTools: '*'\n", "strict inherits; forbidden *@3;"},
        {"disallowedTools: [Read, All tools]\n", "strict inherits; forbidden Read@3 *@3;"},
        {"disallowedTools: []\n", "strict inherits;"},
        {"disallowedTools: none\n", "strict inherits;"},
        {"Tools: Read\n", "strict allowed Read@3;"},
        {"\"tools\": Read\n", "strict allowed Read@3;"},
        {"tools : Read\n", "strict allowed Read@3;"},
        {"tool_restrictions:\n  allowed: [Read]\n  forbidden: [Bash]\n",
         "strict allowed Read@4; forbidden Bash@5;"},
        {"tool-restrictions: {forbidden: Bash}\ntools: Read\n",
         "strict allowed Read@4; forbidden Bash@3;"},
        {"capabilities:\n  allowed_tools: [Read]\n  restricted_tools: [Bash]\n  speed: high\n",
         "strict allowed Read@4; forbidden Bash@5;"},
        {"capabilities: [writes, reads]\n", "strict inherits;"},
        {"capabilities: {streaming: true, enabled: true}\n", "strict inherits;"},
        {"capabilities: {allowedTools: Read}\n", "strict allowed Read@3;"},
        {"allowedTools: [Read]\n", "strict allowed Read@3;"},
        {"allowed-tools: Read, Bash\n", "strict allowed Read@3 Bash@3;"},
        {"allowed_tools: '*'\n", "strict inherits;"},
        {"allowedTools: [Read]\ntools: Read, Write\n",
         "strict allowed Read@4 Write@4; narrows; narrowed Read@3;"},
        {"tools: '*'\nallowedTools: []\n", "strict inherits; narrows;"},
        {"tools: Read\nallowedTools: '*'\n", "strict allowed Read@3;"},
        {"tools: {forbidden: [Bash]}\nallowedTools: [Read]\n",
         "strict allowed Read@4; forbidden Bash@3;"},
        {"tools: {allowed: [Read], forbidden: [A]}\ndisallowedTools: B\n"
         "tool_restrictions: {forbidden: [C]}\ncapabilities: {restricted_tools: D}\n",
         "strict allowed Read@3; forbidden A@3 B@4 C@5 D@6;"},
        /* Modes stand as written. */
        {"permissionMode: plan\n", "strict mode plan@3; inherits;"},
        {"permission_mode: \"acceptEdits\"\n", "strict mode acceptEdits@3; inherits;"},
        {"permissionMode: no such mode # c\n", "strict mode no such mode@3; inherits;"},
        /* First step: values in quotes. */
        {"description: a: b\ntools: Read, Write # c\npermissionMode: plan\n",
         "quoted mode plan@5; allowed Read@4 Write@4; quoted-values@3;"},
        {"tools: *\n", "quoted inherits; quoted-values@3;"},
        {"tools: *, Read\n", "quoted inherits; allowed Read@3; quoted-values@3;"},
        {"description: say \"a\\b\": c\ntools:\n  - Read\n",
         "quoted allowed Read@5; quoted-values@3;"},
        {"description: @x `y`\ntools: []\n", "quoted nothing; quoted-values@3;"},
        {"description: \x1B[1m\ntools: [Read]\n", "quoted allowed Read@4; quoted-values@3;"},
        {"model: x: y\ntools:\n  allowed: [Read]\n", "quoted allowed Read@5; quoted-values@3;"},
        /* Second step: single lines. */
        {"description: \"a\" b\ntools: Read, Write # c\n",
         "lines allowed Read@4 Write@4; lines-only@3;"},
        {"description: \"a\" b\ntools: [Read, \"Write\"]\nDisallowed-Tools:\n  - Bash # c\n"
         "\n  - Task\npermissionMode: 'plan'\n",
         "lines mode plan@9; allowed Read@4 Write@4; forbidden Bash@6 Task@8; lines-only@3;"},
        {"description: \"a\" b\ntools:\n- Read\n- Bash(git *)\nmodel: x\n",
         "lines allowed Read@5 Bash(git *)@6; lines-only@3;"},
        {"description: \"a\" b\ntools: *\n", "lines inherits; lines-only@3;"},
        {"description: \"a\" b\ntools: []\n", "lines nothing; lines-only@3;"},
        {"description: a\nSome text.\nMore: text\n<b>\n**bold** words\nallowedTools: Read\n",
         "lines allowed Read@8; lines-only@5;"},
        {"description: \"a\" b\nother:\n  tools: Bash\n", "lines inherits; lines-only@3;"},
        {"description: |\n  tools: Bash\nmodel: \"a\" b\n", "lines inherits; lines-only@5;"},
        {"description: \xE9 latin\ntools: Read\n", "lines allowed Read@4; lines-only@3;"},
        {"description: \"a\" b\n* a bullet: x\n**Note**: x\n\"quoted\" : x\n'a''b' "
         "x\n\"a\\b\"\n\"a \\\": x\n"
         "tools: Read\n",
         "lines allowed Read@10; lines-only@3;"},
};

START_TEST(reads_shape)
{
	const struct shape_case *row = &shape_cases[_i];
	cleanup_agent struct agent *agent = NULL;
	cleanup_error struct error err = {0};
	cleanup_buffer struct buffer out = {0};
	cleanup_free char *text = definition(row->lines);

	ck_assert_msg(agent_parse("x.md", text, strlen(text), &agent, &err) == 0, "%s:\n%s",
	              error_message(&err), text);
	ck_assert_str_eq(agent->name, "x");
	print_agent(&out, agent);
	ck_assert_msg(strcmp(out.data, row->agent) == 0, "is   %s\nwant %s\n%s", out.data,
	              row->agent, text);
}
END_TEST

/* A key of more than 1,024 characters is too long for a simple one (YAML 1.1, 7.4.2), and the whole
 * front matter is read line by line. */
static char *behind_long_key(const char *lines)
{
	struct buffer text = {0};

	buffer_printf(&text, "%01100d: x\n%s", 0, lines);
	cleanup_free char *all = buffer_steal(&text);
	return definition(all);
}

static const struct shape_case long_key_cases[] = {
        {"tools: Read\n", "lines allowed Read@4; lines-only@3;"},
        {"\"description\" : x\ntools: Read\n", "lines allowed Read@5; lines-only@3;"},
};

START_TEST(reads_behind_long_key)
{
	const struct shape_case *row = &long_key_cases[_i];
	cleanup_agent struct agent *agent = NULL;
	cleanup_error struct error err = {0};
	cleanup_buffer struct buffer out = {0};
	cleanup_free char *text = behind_long_key(row->lines);

	ck_assert_msg(agent_parse("x.md", text, strlen(text), &agent, &err) == 0, "%s",
	              error_message(&err));
	print_agent(&out, agent);
	ck_assert_str_eq(out.data, row->agent);
}
END_TEST

struct refusal_case {
	const char *lines;
	size_t line;
	const char *message; /* a part of it */
	const char *help;    /* a part of it, or NULL */
};

static const struct refusal_case refusal_cases[] = {
        /* Values that say nothing, or too much. */
        {"tools:\n", 3, "says nothing", "[]"},
        {"tools: ~\n", 3, "says nothing", "[]"},
        {"tools: null\n", 3, "says nothing", NULL},
        {"disallowedTools:\n", 3, "says nothing", NULL},
        {"tools: [Read, ]\ndisallowedTools: [Bash, null]\n", 4, "says nothing", NULL},
        {"tools:\n  - Read\n  -\n", 5, "says nothing", NULL},
        {"tools: true\n", 3, "`true`", "`*`"},
        {"tools: all\n", 3, "`all`", "`*`"},
        {"disallowedTools: all\n", 3, "`all`", "`*`"},
        {"tools: All tools except Bash\n", 3, "not understood", NULL},
        {"tools: inherit except Bash\n", 3, "not understood", NULL},
        {"tools: everything but Bash\n", 3, "not understood", NULL},
        {"tools: '* Bash'\n", 3, "not understood", NULL},
        {"tools: Read inherit\n", 3, "not understood", NULL},
        {"disallowedTools: inherit\n", 3, "`inherit`", NULL},
        {"tools: none, Read\n", 3, "beside `none`", NULL},
        {"tools: ','\n", 3, "not understood", NULL},
        {"tools: {}\n", 3, "names no tools", "[]"},
        {"tools: {rationale: words}\n", 3, "names no tools", "allowed"},
        /* Entries. */
        {"tools: Bash(git\n", 3, "not closed", "Edit(src/**)"},
        {"tools: Bash)\n", 3, "not open", NULL},
        {"tools: [Read, 'Bash(a))']\n", 3, "behind its closing parenthesis", NULL},
        {"tools: ['Bash)']\n", 3, "not open", NULL},
        {"tools: Read, Bash()\n", 3, "nothing between", NULL},
        {"tools: Bash( )\n", 3, "nothing between", NULL},
        {"tools: Bash( git)\n", 3, "white space", NULL},
        {"tools: Bash(a)b\n", 3, "goes on", NULL},
        {"tools: Bash (git *)\n", 3, "no name", NULL},
        {"tools: (git *)\n", 3, "no name", NULL},
        {"tools:\n  - Read\n  - Write, Bash\n", 5, "no name", NULL},
        {"tools: [Read Write]\n", 3, "no name", NULL},
        {"tools: '*, !Bash'\n", 3, "no name", NULL},
        {"tools: '*, -Bash'\n", 3, "no name", NULL},
        {"tools: '*(src/**)'\n", 3, "every tool at once", NULL},
        {"tools: |\n  - Read\n  - Write\n", 3, "no name", NULL},
        {"tools: \"Read\\e\"\n", 3, "invisible", NULL},
        {"tools: Re\xE2\x80\x8B"
         "ad\n",
         3, "`Re\\u{200b}ad`", NULL},
        {"tools: R\xD0\xB5"
         "ad\n",
         3, "no name", NULL},
        {"tools: [[Read]]\n", 3, "a list or a mapping", NULL},
        {"tools:\n  - Read: why\n", 4, "a list or a mapping", NULL},
        /* Mappings. */
        {"tools: {allow: [Read]}\n", 3, "`allow`", "`allowed`"},
        {"tools:\n  allowed: [Read]\n  deny: [Bash]\n", 5, "`deny`", "`forbidden`"},
        {"tools: {alowed: [Read]}\n", 3, "`alowed`", "`allowed`"},
        {"tools: {allowed: [Read], other: x}\n", 3, "`other`", "`rationale`"},
        {"tools: {Read: yes}\n", 3, "`Read`", NULL},
        {"tools: {Read: true, Bash: yes}\n", 3, "neither true nor false", NULL},
        {"tools: {Read: true, Bash: 'false'}\n", 3, "neither true nor false", NULL},
        {"tools:\n  Read: true\n  read: false\n", 5, "twice", NULL},
        {"tools: {Read: true, none: true}\n", 3, "`none`", NULL},
        {"tools: {allowed: true}\n", 3, "`true`", NULL},
        {"tools: {allow: true}\n", 3, "`allow`", "`allowed`"},
        {"tools: {allowed: {Read: true}}\n", 3, "no reason", NULL},
        {"tools: {allowed: {Read: }}\n", 3, "says nothing", NULL},
        {"tools: {allowed: {Read: [x]}}\n", 3, "no reason", NULL},
        {"tools: {allowed: {}}\n", 3, "empty mapping", "[]"},
        {"tools: {allowed: }\n", 3, "says nothing", NULL},
        {"tools:\n  allowed: [Read]\n  Allowed: [Bash]\n", 5, "twice", NULL},
        {"tools:\n  allowed: [Bash]\n  forbidden: [bash]\n", 5, "allowed on line 4", NULL},
        {"tool_restrictions: [Bash]\n", 3, "no mapping", "`forbidden`"},
        {"tool_restrictions: {allow: [Bash]}\n", 3, "`allow`", "`allowed`"},
        {"tool_restrictions:\n", 3, "says nothing", NULL},
        {"capabilities: {alowed_tools: [Bash]}\n", 3, "`alowed_tools`", "`allowed_tools`"},
        {"capabilities: {denied_tools: [Bash]}\n", 3, "`denied_tools`", NULL},
        {"capabilities: {tools: [Bash]}\n", 3, "`tools`", NULL},
        /* Contradictions. */
        {"tools: Read\ntools: Bash\n", 4, "first on line 3", NULL},
        {"disallowedTools: Read\ndisallowed_tools: Bash\n", 4, "first on line 3", NULL},
        {"permissionMode: plan\nmodel: x\npermission-mode: auto\n", 5, "first on line 3", NULL},
        {"tools: Read\ntool_restrictions:\n  allowed: [Bash]\n", 5, "`tools` on line 3", NULL},
        {"capabilities: {allowed_tools: A}\ntools: B\n", 4, "on line 3", NULL},
        {"allowedTools: A\ntool_restrictions: {allowed: B}\n", 3, "on line 4", NULL},
        /* Keys that nearly or otherwise speak of permissions. */
        {"toolz: Read\n", 3, "`toolz`", "`tools`"},
        {"tool: Read\n", 3, "`tool`", "`tools`"},
        {"tolos: Read\n", 3, "`tolos`", "`tools`"},
        {"dissallowedTools: Read\n", 3, "`dissallowedTools`", "`disallowedTools`"},
        {"dis allowedTools: Read\n", 3, "not understood", "`disallowedTools`"},
        {"permisionMode: plan\n", 3, "`permisionMode`", "`permissionMode`"},
        {"allowdTools: Read\n", 3, "`allowdTools`", "`allowedTools`"},
        {"tool_restriction: {}\n", 3, "`tool_restriction`", "`tool_restrictions`"},
        {"capabilites: [x]\n", 3, "`capabilites`", "`capabilities`"},
        {"t\xE2\x80\x8Bo\xE2\x80\x8Bo\xE2\x80\x8Bls: Read\n", 3, "\\u{200b}", "`tools`"},
        {"disall\xD0\xBEwedTools: Bash\n", 3, "not understood", "`disallowedTools`"},
        {"permissions: {deny: [Bash]}\n", 3, "`permissions`", NULL},
        {"permission: x\n", 3, "`permission`", NULL},
        {"network: none\n", 3, "`network`", NULL},
        {"network_access: false\n", 3, "`network_access`", NULL},
        {"forbidden_tools: Bash\n", 3, "`forbidden_tools`", "`disallowedTools`"},
        {"denied_tools: Bash\n", 3, "`denied_tools`", "`disallowedTools`"},
        {"blocked_tools: Bash\n", 3, "`blocked_tools`", "`disallowedTools`"},
        {"excluded-tools: Bash\n", 3, "`excluded-tools`", NULL},
        {"allow: Bash\n", 3, "`allow`", NULL},
        {"deny: Bash\n", 3, "`deny`", NULL},
        {"readonly: true\n", 3, "`readonly`", NULL},
        /* Aliases, anchors, tags, merges. */
        {"a: &a [Bash]\ntools: *a\n", 4, "an alias", "the value itself"},
        {"tools: &a [Bash]\n", 3, "an anchor", NULL},
        {"tools: !!str Bash\n", 3, "a tag", NULL},
        {"a: &a Bash\ntools: [Read, *a]\n", 4, "an alias", NULL},
        {"a: &a {x: y}\n<<: *a\n", 4, "a merge", NULL},
        {"a: &a {x: y}\ntools: {allowed: [Read], <<: *a}\n", 4, "a merge", NULL},
        {"a: &a tools\n*a : Bash\n", 4, "an alias", NULL},
        {"&a tools: Bash\n", 3, "anchor", NULL},
        {"? [tools]\n: Bash\n", 3, "a list", NULL},
        {"permissionMode: !!str plan\n", 3, "a tag", NULL},
        /* Modes. */
        {"permissionMode:\n", 3, "empty", "permissionMode: plan"},
        {"permissionMode: ''\n", 3, "empty", NULL},
        {"permissionMode: [plan]\n", 3, "a list", NULL},
        {"permissionMode: {a: b}\n", 3, "a list or a mapping", NULL},
        {"permissionMode: |\n  plan\n", 3, "control", NULL},
        /* Recovery refuses what it cannot be certain of. */
        {"description: a: b\ntools: Read\ntools: Bash\n", 5, "first on line 4", NULL},
        {"description: a: b\ntools: null\n", 4, "says nothing", NULL},
        {"description: a: b\ntoolz: Read\n", 4, "`toolz`", "`tools`"},
        {"description: \"a\" b\ntoolz: Read\n", 4, "`toolz`", "`tools`"},
        {"description: \"a\" b\npermissions: x\n", 4, "`permissions`", NULL},
        {"description: \"a\" b\ntools: Read\nTools: Bash\n", 5, "first on line 4", NULL},
        {"description: \"a\" b\ntools:\n", 4, "says nothing", NULL},
        {"description: \"a\" b\ntools:\n  allowed: [Read]\n", 4, "certainty", "left edge"},
        {"description: \"a\" b\ntools: {Read: true}\n", 4, "certainty", NULL},
        {"description: \"a\" b\ntools: \"Read\", \"Write\"\n", 4, "certainty", NULL},
        {"description: \"a\" b\ntools: [Read\n", 4, "certainty", NULL},
        {"description: \"a\" b\ntools: Read\n  x: y\n", 4, "certainty", NULL},
        {"description: \"a\" b\ntools: Read,\nWrite\n", 4, "may belong", NULL},
        {"description: \"a\" b\ntools: R\xE9"
         "ad\n",
         4, "certainty", NULL},
        {"description: \"a\" b\n disallowedTools: Bash\n", 4, "indented", "left edge"},
        {"description: x\n\tdisallowedTools: Bash\n", 4, "indented", NULL},
        {"description: \"a\" b\ntools:Read\n", 4, "not understood", NULL},
        {"description: \"a\" b\ntools = Read\n", 4, "not understood", NULL},
        {"description: \"a\" b\n\"tools\": Read\n", 4, "not understood", NULL},
        {"description: \"a\" b\n\"to\\x6fls\": Read\n", 4, "not understood", NULL},
        {"description: \"a\" b\n\"\\u0074ools\" : Read\n", 4, "not understood", NULL},
        {"description: \"a\" b\n\"\\u0074ools\"\t:Read\n", 4, "not understood", NULL},
        {"description: \"a\" b\n\"a\\\"b\" : Read\n", 4, "not understood", NULL},
        {"description: \"a\" b\n'to''ols': Read\n", 4, "not understood", NULL},
        {"description: \"a\" b\n\"tools\" : Read\n", 4, "not understood", NULL},
        {"description: \"a\" b\n'disallowedTools'\t : Bash\n", 4, "not understood", NULL},
        {"description: \"a\" b\n\"tools denied\": Bash\n", 4, "not understood", NULL},
        {"description: \"a\" b\n\"permission-mode\": plan\n", 4, "not understood", NULL},
        {"description: \"a\" b\n  \"\\x74ools\" : Read\n", 4, "indented", NULL},
        {"description: \"a\" b\n?\ttools\n:\tRead\n", 4, "not understood", NULL},
        {"x:\n  &a tools\ny: \"a\" b\n*a : Read\n", 6, "not understood", NULL},
        {"x: &*a tools\ny: \"a\" b\n**a : Read\n", 5, "not understood", NULL},
        {"description: \"a\" b\n--- \"tools\": Bash\n", 4, "another document", NULL},
        {"description: \"a\" b\n---\t{\"tools\": Bash}\n", 4, "another document", NULL},
        {"description: \"a\" b\n? tools\n: Read\n", 4, "not understood", NULL},
        {"description: \"a\" b\n{tools: Read}\n", 4, "not understood", NULL},
        {"description: \"a\" b\n<<: x\n", 4, "not understood", NULL},
        {"description: \"a\" b\ntools: &x Read\n", 4, "an anchor", NULL},
        /* Line breaks that editors do not show. */
        {"description: a\rdisallowedTools: Bash\n", 3, "line break", "newline"},
        {"description: a\xE2\x80\xA8"
         "disallowedTools: Bash\n",
         3, "line break", NULL},
};

static void expect_refusal(const char *text, size_t size, size_t line, const char *message,
                           const char *help)
{
	cleanup_agent struct agent *agent = NULL;
	cleanup_error struct error err = {0};
	char place[64];

	snprintf(place, sizeof(place), "dir/x.md:%zu: ", line);
	ck_assert_msg(agent_parse("dir/x.md", text, size, &agent, &err) < 0, "was read:\n%s", text);
	ck_assert_ptr_null(agent);
	ck_assert_msg(strncmp(error_message(&err), place, strlen(place)) == 0,
	              "not at line %zu: %s\n%s", line, error_message(&err), text);
	ck_assert_msg(strstr(error_message(&err), message) != NULL, "no \"%s\" in: %s\n%s", message,
	              error_message(&err), text);
	if (help)
		ck_assert_msg(err.help && strstr(err.help, help), "no \"%s\" in help: %s\n%s", help,
		              err.help ? err.help : "(none)", text);
}

static const char *const refused_behind_long_key[] = {
        "\"tools\": Read\n",        "\"tools\" : Read\n",       "'disallowedTools' : Bash\n",
        "\"\\u0074ools\": Read\n",  "\"\\u0074ools\" : Read\n", "? tools\n: Read\n",
        "x: &a tools\n*a : Read\n", "!!str tools: Read\n",      "{tools: Read}\n",
};

START_TEST(refuses_behind_long_key)
{
	cleanup_free char *text = behind_long_key(refused_behind_long_key[_i]);

	size_t line = strncmp(refused_behind_long_key[_i], "x:", 2) == 0 ? 5 : 4;
	expect_refusal(text, strlen(text), line, "not understood", "left edge");
}
END_TEST

START_TEST(refuses)
{
	const struct refusal_case *row = &refusal_cases[_i];
	cleanup_free char *text = definition(row->lines);

	expect_refusal(text, strlen(text), row->line, row->message, row->help);
}
END_TEST

static const struct {
	const char *text;
	const char *message;
} not_definitions[] = {
        {"", "does not begin"},
        {"# Heading\n", "does not begin"},
        {"\n---\nname: x\n---\n", "does not begin"},
        {"    ---\n    name: x\n    ---\n", "does not begin"},
        {"---", "no line `---` ends"},
        {"---\nname: x\ntools: Read\n", "no line `---` ends"},
        {"---\nname: x\n --- \n", "no line `---` ends"},
        {"---\n---\n", "is empty"},
        {"---\n# nothing\n---\n", "is empty"},
        {"---\n- name\n---\n", "is a list"},
        {"---\nname\n---\n", "is plain text"},
        {"---\n\"a\" b\n---\n", "has no keys"},
        {"1---\n2name: x\n4---\n", "does not begin"},
        {"1---\n2name: x\n3\n", "no line `---` ends"},
};

START_TEST(refuses_what_is_no_definition)
{
	const char *text = not_definitions[_i].text;

	expect_refusal(text, strlen(text), 1, "not an agent definition", "`");
	expect_refusal(text, strlen(text), 1, not_definitions[_i].message, NULL);
}
END_TEST

START_TEST(refuses_nul)
{
	static const char in_front[] = "---\nname: x\ntools: Re\0ad\n---\n";
	static const char in_body[] = "---\nname: x\n---\na\n\0\n";

	expect_refusal(in_front, sizeof(in_front) - 1, 3, "NUL", "UTF-8");
	expect_refusal(in_body, sizeof(in_body) - 1, 5, "NUL", "UTF-8");
}
END_TEST

/* `tools: AAA...` of `count` letters. */
static int parse_long_name(size_t count, struct agent **agent, struct error *err)
{
	cleanup_buffer struct buffer text = {0};

	buffer_append_text(&text, "---\nname: x\ntools: ");
	for (size_t i = 0; i < count; i++)
		buffer_append_text(&text, "A");
	buffer_append_text(&text, "\n---\n");
	return agent_parse("x.md", text.data, text.size, agent, err);
}

START_TEST(limits_an_entry)
{
	cleanup_agent struct agent *agent = NULL;
	cleanup_error struct error err = {0};

	ck_assert_int_eq(parse_long_name(4096, &agent, &err), 0);
	ck_assert_uint_eq(strlen(agent->allowed.items[0].name), 4096);
	agent_free(agent);
	agent = NULL;
	ck_assert_int_lt(parse_long_name(4097, &agent, &err), 0);
	ck_assert_ptr_nonnull(strstr(error_message(&err), "longer than 4096"));
	/* 80 characters of it stand in the message. */
	ck_assert_uint_lt(strlen(error_message(&err)), 160);
	ck_assert_ptr_nonnull(strstr(error_message(&err), "AAA..."));
}
END_TEST

static int parse_many(size_t count, struct agent **agent, struct error *err)
{
	cleanup_buffer struct buffer text = {0};

	buffer_append_text(&text, "---\nname: x\ntools:\n");
	for (size_t i = 0; i < count; i++)
		buffer_printf(&text, "  - tool%zu\n", i);
	buffer_append_text(&text, "---\n");
	return agent_parse("x.md", text.data, text.size, agent, err);
}

START_TEST(limits_a_list)
{
	cleanup_agent struct agent *agent = NULL;
	cleanup_error struct error err = {0};

	ck_assert_int_eq(parse_many(1000, &agent, &err), 0);
	ck_assert_uint_eq(agent->allowed.items[999].line, 1003);
	agent_free(agent);
	agent = NULL;
	ck_assert_int_lt(parse_many(1001, &agent, &err), 0);
	ck_assert_ptr_nonnull(strstr(error_message(&err), "x.md:1004: "));
}
END_TEST

START_TEST(takes_name_of_file)
{
	static const struct {
		const char *file;
		const char *text;
		const char *name;
	} rows[] = {
	        {"a/b.c/first.agent.md", "---\ntools: Read\n---\n", "first.agent"},
	        {"plain", "---\nname:\n---\n", "plain"},
	        {".md", "---\nname: [x]\n---\n", ".md"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_agent struct agent *agent = NULL;
		cleanup_error struct error err = {0};
		ck_assert_int_eq(
		        agent_parse(rows[i].file, rows[i].text, strlen(rows[i].text), &agent, &err),
		        0);
		ck_assert_str_eq(agent->name, rows[i].name);
		ck_assert_str_eq(agent->file, rows[i].file);
		ck_assert_uint_eq(agent->warning_count, 1);
		ck_assert_str_eq(agent->warnings[0].code, "no-name");
	}
}
END_TEST

START_TEST(mends_form)
{
	static const struct {
		const char *text;
		const char *agent;
	} rows[] = {
	        /* The number and nothing more is taken off: `10` of line 1 is line `1---`. */
	        {"1---\n2name: x\n3tools: Read\n4---\n5\n62. text\n",
	         "strict allowed Read@3; glued-line-numbers@1;"},
	        {"1---\n2name: x\n3tools:\n4- A\n5- B\n6- C\n7- D\n8- E\n9- F\n10- G\n11---\n\n",
	         "strict allowed A@4 B@5 C@6 D@7 E@8 F@9 G@10; glued-line-numbers@1;"},
	        {"---\nname: x\ntools: Read\n------\ntext\n",
	         "strict allowed Read@3; long-fence@4;"},
	        {"---  \nname: x\ntools: Read\n---\t\n------\n", "strict allowed Read@3;"},
	        {"---\r\nname: x\r\ntools:\r\n- Read\r\n---\r\n", "strict allowed Read@4;"},
	        {"\xEF\xBB\xBF---\nname: x\ntools: Read\n---", "strict allowed Read@3;"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_agent struct agent *agent = NULL;
		cleanup_error struct error err = {0};
		cleanup_buffer struct buffer out = {0};
		ck_assert_msg(
		        agent_parse("x.md", rows[i].text, strlen(rows[i].text), &agent, &err) == 0,
		        "%s: %s", error_message(&err), rows[i].text);
		print_agent(&out, agent);
		ck_assert_str_eq(out.data, rows[i].agent);
	}
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

int main(void)
{
	Suite *suite = suite_create("agent");
	TCase *text = tcase_create("text");

	tcase_add_loop_test(text, reads_shape, 0, ROWS(shape_cases));
	tcase_add_loop_test(text, reads_behind_long_key, 0, ROWS(long_key_cases));
	tcase_add_loop_test(text, refuses, 0, ROWS(refusal_cases));
	tcase_add_loop_test(text, refuses_behind_long_key, 0, ROWS(refused_behind_long_key));
	tcase_add_loop_test(text, refuses_what_is_no_definition, 0, ROWS(not_definitions));
	tcase_add_test(text, refuses_nul);
	tcase_add_test(text, limits_an_entry);
	tcase_add_test(text, limits_a_list);
	tcase_add_test(text, takes_name_of_file);
	tcase_add_test(text, mends_form);
	suite_add_tcase(suite, text);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
