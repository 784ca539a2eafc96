/* Writes logs for tests/audit.sh with remit's own writer: write_log FILE SCENARIO [COUNT].
 *
 *   ordinary    an agent that was refused writes, secrets, connections, calls
 *   answered    the same, and questions that were answered
 *   hostile     the same operations with names that try to be something else
 *   unfinished  ordinary, killed before its end
 *   flood       COUNT refused names in many folders
 *   names       each line of standard input, "EFFECT TARGET", as a refusal that a grant would undo
 */
#include "audit/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void must(int result, struct error *err)
{
	if (result == 0)
		return;
	fprintf(stderr, "write_log: %s\n", error_message(err));
	exit(1);
}

static void refuse(struct audit_log *log, const struct refusal *refusal, const char *target,
                   unsigned times)
{
	struct error err = {0};
	struct refusal one = *refusal;

	one.target = target;
	one.target_size = strlen(target);
	while (times--)
		must(audit_log_refusal(log, &one, &err), &err);
}

static void start(struct audit_log *log, const char *agent_file)
{
	static const char *const layers[] = {"mounts", "decoy", NULL};
	struct error err = {0};
	struct audit_start about = {
	        .agent = "engineer",
	        .agent_file = agent_file,
	        .tool = "Bash",
	        .workspace = "/w",
	        .kernel = "6.18.0",
	        .level = "namespaces+decoy",
	        .layers = layers,
	};

	must(audit_log_start(log, &about, &err), &err);
}

static void end(struct audit_log *log)
{
	struct error err = {0};

	must(audit_log_end(log, 1, &err), &err);
}

static const struct refusal asked = {
        .pid = 100,
        .pid_inside = 2,
        .parent = 99,
        .comm = "cc",
        .exe = "/usr/bin/cc",
        .effect = EFFECT_WRITE,
        .operation = "open",
        .verdict = VERDICT_ASK,
        .error = EACCES,
        .layer = AUDIT_LAYER_SECCOMP,
        .because = "agents/engineer.md:4 Write; mode default",
        .remedy = "--mode acceptEdits",
};

static const struct refusal secret = {
        .pid = 101,
        .comm = "cat",
        .effect = EFFECT_READ,
        .operation = "open",
        .verdict = VERDICT_DENY,
        .error = EACCES,
        .layer = AUDIT_LAYER_DECOY,
        .because = "secrets.yaml:12 ~/.ssh",
};

static const struct refusal hidden = {
        .pid = 102,
        .comm = "python3",
        .effect = EFFECT_READ,
        .operation = "stat",
        .hidden = true,
        .verdict = VERDICT_DENY,
        .error = ENOENT,
        .layer = AUDIT_LAYER_DECOY,
        .because = "not granted",
};

static const struct refusal connection = {
        .pid = 103,
        .comm = "curl",
        .effect = EFFECT_CONNECT,
        .operation = "connect",
        .verdict = VERDICT_DENY,
        .error = EACCES,
        .layer = AUDIT_LAYER_SECCOMP,
        .because = "agents/engineer.md:4: not granted: no tool gives connect here",
        .remedy = "--grant connect:192.0.2.7:443",
};

static const struct refusal call = {
        .pid = 104,
        .comm = "qemu",
        .effect = EFFECT_COUNT,
        .operation = "bpf",
        .verdict = VERDICT_DENY,
        .error = EPERM,
        .layer = AUDIT_LAYER_SECCOMP,
        .because = "syscalls.yaml:210 bpf",
};

static void ordinary(struct audit_log *log)
{
	char name[64];

	start(log, "agents/engineer.md");
	for (int i = 0; i < 12; i++) {
		snprintf(name, sizeof(name), "/w/src/deep/file-%d.o", i);
		refuse(log, &asked, name, 1);
	}
	refuse(log, &asked, "/w/notes.txt", 2);
	refuse(log, &secret, "/home/u/.ssh/id_ed25519", 3);
	refuse(log, &hidden, "/opt/data/set-1.csv", 5);
	refuse(log, &connection, "192.0.2.7:443", 4);
	refuse(log, &call, "bpf", 1);
}

static void answered(struct audit_log *log)
{
	static const enum answered_how answers[] = {ANSWERED_ONCE, ANSWERED_ONCE, ANSWERED_FOLDER,
	                                            ANSWERED_NO};
	struct error err = {0};

	ordinary(log);
	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
		const struct answered one = {
		        .pid = 100,
		        .comm = "c\n\x1B[1m|`\xFF",
		        .exe = "/usr/bin/cc",
		        .effect = EFFECT_WRITE,
		        .operation = "open",
		        .target = "/w/\n::error::",
		        .target_size = 13,
		        .because = asked.because,
		        .how = answers[i],
		        .by = "exec:/usr/local/bin/a\nb",
		        .microseconds = 1500000,
		};
		must(audit_log_answer(log, &one, &err), &err);
	}
}

static void hostile(struct audit_log *log)
{
	static const char *const names[] = {
	        "/w/a\nb",
	        "/w/a\n::add-mask::secret",
	        "/w/\x1B[31mred\x1B]0;title\x07",
	        "/w/##[error]x##vso[task.complete]",
	        "/w/\xE2\x80\xAEgnp.exe\xE2\x81\xA6",
	        "/w/</table></code><script>alert(1)</script>",
	        "/w/**bold** _it_ `code` | cell |",
	        "/w/[link](http://example.org) ![x](y) <http://example.org>",
	        "/w/{0} {{x}} [0](1) \\[",
	        "/w/\xFF\xFE\x80 bytes",
	        "/w/www.example.org @everyone #1 me@example.org",
	        "::add-mask::x",
	        "/w/*?[a-z]{b,c}\\!",
	        "/w/\" # : - \"",
	        "/w/\xF0\x9F\x98\x80\xC2\x85\xE2\x80\xA8",
	};
	static char longest[4100];
	struct refusal refusal = asked;

	start(log, "agents/\nengineer\xE2\x80\xAE::x.md");
	refusal.comm = "c\n\x1B[1m|`\xFF";
	refusal.exe = "/tmp/\n::error::";
	refusal.because = "agents/\\nengineer\\u{202e}::x.md:4 **Write**|`<b>`";
	refusal.remedy = "--mode `|</code>";
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		refuse(log, &refusal, names[i], 1);
	memset(longest, 'x', 4000);
	memcpy(longest, "/w/", 3);
	refuse(log, &refusal, longest, 1);
	refusal.because = "\xFF\n::warning::x";
	refuse(log, &refusal, "/w/plain", 1);
}

static void flood(struct audit_log *log, unsigned long count)
{
	char name[128];
	struct refusal refusal = hidden;

	start(log, "agents/engineer.md");
	for (unsigned long i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "/srv/tree/%lu/%lu/name-of-a-file-%lu", i % 97,
		         i % 1009, i);
		refusal.pid = (pid_t)(i % 30000) + 1;
		refuse(log, &refusal, name, 1);
	}
}

static void from_input(struct audit_log *log)
{
	char *line = NULL;
	size_t capacity = 0;
	ssize_t size;

	start(log, "agents/engineer.md");
	while ((size = getline(&line, &capacity, stdin)) > 0) {
		struct refusal refusal = asked;
		line[size - 1] = '\0';
		char *space = strchr(line, ' ');
		if (!space)
			exit(1);
		*space = '\0';
		if (effect_from_name(line, &refusal.effect) < 0)
			exit(1);
		refuse(log, &refusal, space + 1, 1);
	}
	free(line);
}

int main(int argc, char **argv)
{
	struct error err = {0};
	struct audit_log *log;
	const char *scenario = argc > 2 ? argv[2] : "";
	int file = argc > 2 ? open(argv[1], O_WRONLY | O_CREAT | O_APPEND, 0644) : -1;

	if (file < 0) {
		fputs("usage: write_log FILE SCENARIO [COUNT]\n", stderr);
		return 2;
	}
	must(audit_log_new(file, &log, &err), &err);
	if (strcmp(scenario, "ordinary") == 0 || strcmp(scenario, "unfinished") == 0)
		ordinary(log);
	else if (strcmp(scenario, "answered") == 0)
		answered(log);
	else if (strcmp(scenario, "hostile") == 0)
		hostile(log);
	else if (strcmp(scenario, "flood") == 0)
		flood(log, argc > 3 ? strtoul(argv[3], NULL, 10) : 1000);
	else if (strcmp(scenario, "names") == 0)
		from_input(log);
	else
		return 2;
	if (strcmp(scenario, "unfinished") != 0)
		end(log);
	audit_log_free(log);
	close(file);
	return 0;
}
