/* A person at a terminal: drives `remit run` on a pseudo-terminal.
 *
 *     terminal REMIT AGENT      (the current folder is the workspace)
 *
 * Each case starts a shell or remit itself on a terminal of its own, types, and looks at what
 * appears, at processes from outside, and at exit statuses. What a case expects of remit holds of
 * the plain command too: each case runs first without remit, as its control, then with it.
 * REMIT_APPROVE is what --approve gets (deny): with `tty`, the command has a terminal of its own.
 * The closing line is "N passed, N failed, N skipped". */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum {
	OUTPUT_SIZE = 1 << 18,
	PATIENCE = 15000, /* milliseconds until something that should appear counts as missing */
	QUIET = 400,      /* milliseconds in which something that should not appear would */
	PREFIX_WORDS = 8,
};

/* A terminal with a program on it. */
struct session {
	int master;
	pid_t child;
	char output[OUTPUT_SIZE]; /* everything that appeared so far */
	size_t size;
	size_t seen; /* up to where `expect` has matched */
};

static struct session session;
static const char *remit_path;
static const char *agent_path;
static const char *approve = "deny";
static bool confined;      /* false: the control, without remit */
static char why[1024];     /* why the running case fails */
static char command[4096]; /* the command line that `confine` made */

static long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (long long)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void nap(long milliseconds)
{
	struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};

	nanosleep(&time, NULL);
}

__attribute__((format(printf, 1, 2))) static bool fails(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why, sizeof(why), format, arguments);
	va_end(arguments);
	return false;
}

/* --- The terminal ----------------------------------------------------------------------------- */

static bool start(const char *const *words)
{
	struct winsize size = {.ws_row = 31, .ws_col = 97};

	session = (struct session){.master = -1};
	session.child = forkpty(&session.master, NULL, NULL, &size);
	if (session.child < 0)
		return fails("forkpty: %s", strerror(errno));
	if (session.child == 0) {
		execvp(words[0], (char *const *)(unsigned long)words);
		_exit(99);
	}
	fcntl(session.master, F_SETFL, O_NONBLOCK);
	return true;
}

/* The words of `remit run ... --`, or none for the control, then `words`. */
static const char *const *with_prefix(const char *const *words)
{
	static const char *all[32];
	const char *const prefix[PREFIX_WORDS] = {remit_path, "run",       "-q",    "-a",
	                                          agent_path, "--approve", approve, "--"};
	size_t count = 0;

	for (size_t i = 0; confined && i < PREFIX_WORDS; i++)
		all[count++] = prefix[i];
	for (size_t i = 0; words[i] && count < 31; i++)
		all[count++] = words[i];
	all[count] = NULL;
	return all;
}

static bool start_script(const char *script)
{
	const char *const words[] = {"bash", "-c", script, NULL};

	return start(with_prefix(words));
}

/* Takes in what has appeared; false when the terminal was closed from the other side. */
static bool take(int milliseconds)
{
	struct pollfd place = {.fd = session.master, .events = POLLIN};

	if (poll(&place, 1, milliseconds) <= 0)
		return true;
	if (session.size + 1 >= OUTPUT_SIZE)
		return false;
	ssize_t size =
	        read(session.master, session.output + session.size, OUTPUT_SIZE - 1 - session.size);
	if (size < 0)
		return errno == EAGAIN || errno == EINTR;
	session.size += (size_t)size;
	session.output[session.size] = '\0';
	return size > 0;
}

static bool expect(const char *text)
{
	long long deadline = now() + PATIENCE;
	bool open = true;

	for (;;) {
		char *found = strstr(session.output + session.seen, text);
		if (found) {
			session.seen = (size_t)(found - session.output) + strlen(text);
			return true;
		}
		if (!open || now() > deadline)
			return fails("`%s` did not appear; the end is: %.300s", text,
			             session.output +
			                     (session.size > 300 ? session.size - 300 : 0));
		open = take(100);
	}
}

static bool type(const char *text)
{
	size_t length = strlen(text);

	if (write(session.master, text, length) != (ssize_t)length)
		return fails("typing: %s", strerror(errno));
	return true;
}

static size_t count_of(const char *text)
{
	size_t count = 0;

	for (const char *at = session.output; (at = strstr(at, text)) != NULL; at++)
		count++;
	return count;
}

/* Waits for the end of what runs on the terminal. Returns its status as a shell gives it. */
static int finish(void)
{
	long long deadline = now() + PATIENCE;
	int status;

	while (now() < deadline) {
		take(20);
		pid_t ended = waitpid(session.child, &status, WNOHANG);
		if (ended != session.child)
			continue;
		session.child = -1;
		while (take(0) &&
		       poll(&(struct pollfd){.fd = session.master, .events = POLLIN}, 1, 0) > 0)
			;
		return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	}
	return -1;
}

static bool finishes_with(int expected)
{
	int status = finish();

	if (status == expected)
		return true;
	return fails("status %d, expected %d; the end is: %.300s", status, expected,
	             session.output + (session.size > 300 ? session.size - 300 : 0));
}

static void end_session(void)
{
	if (session.child > 0) {
		kill(session.child, SIGKILL);
		waitpid(session.child, NULL, 0);
	}
	if (session.master >= 0)
		close(session.master);
	session.child = session.master = -1;
}

/* --- Processes, seen from outside ------------------------------------------------------------- */

/* Processes that call themselves `name` and whose state is one of `states` (as ps(1) prints it).
 * Zombies have no name. */
static int processes(const char *name, const char *states)
{
	char line[4096];
	int count = 0;

	FILE *list = popen("ps -eo stat=,args=", "re");
	if (!list)
		return -1;
	while (fgets(line, sizeof(line), list)) {
		const char *arguments = line + strcspn(line, " ");
		arguments += strspn(arguments, " ");
		count += strchr(states, line[0]) && strncmp(arguments, name, strlen(name)) == 0;
	}
	pclose(list);
	return count;
}

static bool processes_become(const char *marker, const char *states, int expected)
{
	long long deadline = now() + PATIENCE;
	int found;

	while ((found = processes(marker, states)) != expected) {
		if (now() > deadline)
			return fails("%d processes `%s` in state %s, expected %d", found, marker,
			             states, expected);
		nap(50);
	}
	return true;
}

/* --- A shell on the terminal, in which remit is typed ------------------------------------------
 */

static bool start_shell(void)
{
	static const char *const words[] = {"bash",        "--norc", "--noprofile",
	                                    "--noediting", "-i",     NULL};

	return start(words) && type("PS1='rea''dy> '\n") && expect("ready> ");
}

/* What is typed to run `script` (without single quotes) confined; plain for the control. */
static const char *confine(const char *script)
{
	if (confined)
		snprintf(command, sizeof(command),
		         "'%s' run -q -a '%s' --approve %s -- bash -c '%s'", remit_path, agent_path,
		         approve, script);
	else
		snprintf(command, sizeof(command), "bash -c '%s'", script);
	return command;
}

/* A name that only this run uses, to find processes from outside. */
static const char *marker(void)
{
	static char text[64];

	snprintf(text, sizeof(text), "remit-terminal-%d", (int)getpid());
	return text;
}

/* `bash -c` text that stays under the marker's name for 100 seconds. */
static const char *stay(void)
{
	static char text[128];

	snprintf(text, sizeof(text), "echo be\"gin\"; exec -a %s sleep 100", marker());
	return text;
}

/* --- Cases -------------------------------------------------------------------------------------
 */

static bool interrupt_once(void)
{
	if (!start_script("trap 'echo cau''ght' INT; echo be''gin; for i in 1 2 3 4 5 6 7 8; do "
	                  "sleep 0.1; done; echo fin''ished; exit 5") ||
	    !expect("begin") || !type("\003") || !expect("caught") || !expect("finished") ||
	    !finishes_with(5))
		return false;
	return count_of("caught") == 1 || fails("caught %zu times", count_of("caught"));
}

static bool interrupt_ends(void)
{
	return start_script(stay()) && processes_become(marker(), "S", 1) && type("\003") &&
	       finishes_with(130) && processes_become(marker(), "RSDTtI", 0);
}

static bool quit_ends(void)
{
	return start_script(stay()) && processes_become(marker(), "S", 1) && type("\034") &&
	       finishes_with(131) && processes_become(marker(), "RSDTtI", 0);
}

/* Typed in a shell: the shell goes on, and knows why its command ended. */
static bool interrupt_in_shell(void)
{
	return start_shell() && type(confine(stay())) && type("\n") &&
	       processes_become(marker(), "S", 1) && type("\003") && expect("ready> ") &&
	       type("echo sta\"tus\"=$?\n") && expect("status=130") && type("exit 0\n") &&
	       finishes_with(0);
}

static bool stop_and_continue(void)
{
	return start_shell() && type(confine(stay())) && type("\n") &&
	       processes_become(marker(), "S", 1) && type("\032") && expect("Stopped") &&
	       expect("ready> ") && processes_become(marker(), "T", 1) && type("jobs\n") &&
	       expect("Stopped") && expect("ready> ") && type("fg\n") && expect("\n") &&
	       processes_become(marker(), "S", 1) && type("\003") && expect("ready> ") &&
	       type("echo sta\"tus\"=$?\n") && expect("status=130") && type("exit 0\n") &&
	       finishes_with(0);
}

/* Stopped twice, continued in the background, then to its end. */
static bool stop_and_background(void)
{
	return start_shell() &&
	       type(confine("echo be\"gin\"; sleep 1; echo aft\"er\"; sleep 0.2; exit 6")) &&
	       type("\n") && expect("begin") && type("\032") && expect("Stopped") && type("bg\n") &&
	       expect("after") && (nap(QUIET + 200), true) && type("\n") && expect("Exit 6") &&
	       type("exit 0\n") && finishes_with(0);
}

static bool stop_whole_group(void)
{
	if (!start_shell() || !type(confine(stay())) || !type(" &\n") ||
	    !processes_become(marker(), "S", 1) || !type("kill -STOP -- -$!\n") ||
	    !processes_become(marker(), "T", 1) || !type("kill -CONT -- -$!\n") ||
	    !processes_become(marker(), "S", 1))
		return false;
	return type("kill -TERM $!; wait $!; echo sta\"tus\"=$?\n") && expect("status=143") &&
	       type("exit 0\n") && finishes_with(0);
}

static bool window_size(void)
{
	struct winsize size = {.ws_row = 40, .ws_col = 120};

	if (!start_script("trap 'echo cha''nged $(stty size)' WINCH; echo be''gin $(stty size); "
	                  "for i in 1 2 3 4 5 6; do sleep 0.1; done") ||
	    !expect("begin 31 97"))
		return false;
	if (ioctl(session.master, TIOCSWINSZ, &size) < 0)
		return fails("TIOCSWINSZ: %s", strerror(errno));
	return expect("changed 40 120") && finishes_with(0) &&
	       (count_of("changed") == 1 || fails("WINCH %zu times", count_of("changed")));
}

static bool is_terminal(void)
{
	return start_script(
	               "test -t 0 && test -t 1 && test -t 2 && echo is-a-ter''minal; "
	               "echo to-the-ter''minal >/dev/tty; stty -a >/dev/null && echo st''ty") &&
	       expect("is-a-terminal") && expect("to-the-terminal") && expect("stty") &&
	       finishes_with(0);
}

static bool named_terminal(void)
{
	/* The terminal of a caller that is root is root's: inside it has a name, and cannot be
	 * opened by it. */
	if (confined && geteuid() == 0)
		return start_script("tty && test -c \"$(tty)\"") && expect("/dev/") &&
		       finishes_with(0);
	return start_script("tty && test -c \"$(tty)\" && echo nam''ed >\"$(tty)\"") &&
	       expect("/dev/") && expect("named") && finishes_with(0);
}

static bool end_of_input(void)
{
	return start_script("cat; echo fin''ished; exit 4") && type("typed\n") &&
	       expect("typed\r\ntyped") && type("\004") && expect("finished") && finishes_with(4);
}

static bool interactive_shell(void)
{
	const char *const words[] = {"bash", "--norc", "--noprofile", "--noediting", "-i", NULL};

	if (!start(with_prefix(words)) || !type("PS1='ins''ide> '\n") || !expect("inside> ") ||
	    !type("sleep 100\n") || !expect("\n"))
		return false;
	nap(200);
	if (!type("\032") || !expect("Stopped") || !expect("inside> ") || !type("fg\n") ||
	    !expect("sleep 100"))
		return false;
	nap(200);
	if (!type("\003") || !expect("inside> ") || !type("echo sta\"tus\"=$?\n") ||
	    !expect("status=130") || !type("sleep 0.1 & wait; echo wai\"ted\"\n") ||
	    !expect("waited") || !type("exit 5\n") || !finishes_with(5))
		return false;
	return count_of("no job control") == 0 || fails("no job control inside");
}

/* The shell around remit has its terminal back after an interactive shell inside. */
static bool interactive_within_shell(void)
{
	static char line[4096];

	static const char shell[] = "bash --norc --noprofile --noediting -i\n";

	if (confined)
		snprintf(line, sizeof(line), "'%s' run -q -a '%s' --approve %s -- %s", remit_path,
		         agent_path, approve, shell);
	else
		snprintf(line, sizeof(line), "%s", shell);
	return start_shell() && type(line) && type("PS1='ins''ide> '\n") && expect("inside> ") &&
	       type("exit 5\n") && expect("ready> ") && type("echo sta\"tus\"=$?\n") &&
	       expect("status=5") && type("sleep 100\n") && expect("\n") && (nap(200), true) &&
	       type("\032") && expect("Stopped") && type("kill %1\n") && type("exit 0\n") &&
	       type("exit 0\n") && finishes_with(0);
}

static bool full_screen(void)
{
	return start_script("export TERM=xterm; seq 500 | less; exit 5") && expect("\x1b[?1049h") &&
	       expect("29") && type("G") && expect("500") && type("q") && expect("\x1b[?1049l") &&
	       finishes_with(5);
}

static bool settings_restored(void)
{
	struct termios before, after;

	if (!start_script(
	            "sleep 0.5; read -rs -p se''cret: word; echo; echo \"<$word>\"; exit 3") ||
	    tcgetattr(session.master, &before) < 0 || !expect("secret:"))
		return fails("%s", *why ? why : "tcgetattr");
	nap(100);
	if (!type("hidden\n") || !expect("<hidden>") || !finishes_with(3))
		return false;
	if (count_of("hidden") != 1)
		return fails("the secret was shown");
	if (tcgetattr(session.master, &after) < 0)
		return fails("tcgetattr: %s", strerror(errno));
	return (before.c_lflag == after.c_lflag && before.c_iflag == after.c_iflag &&
	        before.c_oflag == after.c_oflag) ||
	       fails("the terminal's settings differ afterwards");
}

static bool background_output(void)
{
	return start_shell() && type(confine("sleep 0.3; echo from-be\"hind\"; exit 6")) &&
	       type(" &\n") && expect("from-behind") && (nap(200), true) && type("\n") &&
	       expect("Exit 6") && type("exit 0\n") && finishes_with(0) &&
	       (count_of("Stopped") == 0 || fails("it stopped"));
}

/* Reading from the terminal in the background stops; in the foreground it goes on. */
static bool background_input(void)
{
	return start_shell() && type(confine("read -r word; echo \"<$word>\"")) && type(" &\n") &&
	       (nap(QUIET), true) && type("\n") && expect("Stopped") && type("fg\n") &&
	       (nap(QUIET), true) && type("typed\n") && expect("<typed>") && type("exit 0\n") &&
	       finishes_with(0);
}

static bool hang_up(void)
{
	if (!start_script(stay()) || !expect("begin") || !processes_become(marker(), "RSD", 1))
		return false;
	close(session.master);
	session.master = -1;
	long long deadline = now() + PATIENCE;
	int status = 0;
	while (waitpid(session.child, &status, WNOHANG) == 0 && now() < deadline)
		nap(20);
	session.child = -1;
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	if (code != 128 + SIGHUP)
		return fails("status %d after the terminal was closed", code);
	return processes_become(marker(), "RSDTtI", 0);
}

/* A pipeline is one job: what the terminal sends reaches all of it. */
static bool pipeline(void)
{
	return start_shell() && type(confine("echo be\"gin\" >&2; sleep 100")) &&
	       type(" | cat\n") && expect("begin") && type("\003") && expect("ready> ") &&
	       type("echo sta\"tus\"=${PIPESTATUS[0]}\n") && expect("status=130") &&
	       type("exit 0\n") && finishes_with(0);
}

/* --- The run -----------------------------------------------------------------------------------
 */

static const struct {
	const char *name;
	bool (*run)(void);
	const char *needs; /* a program, or NULL */
	bool background;   /* remit is started there: nobody can be asked, `tty` is refused */
} cases[] = {
        {"Ctrl-C reaches COMMAND once", interrupt_once, NULL},
        {"Ctrl-C ends COMMAND: 130, nothing is left", interrupt_ends, NULL},
        {"Ctrl-\\ ends COMMAND: 131, nothing is left", quit_ends, NULL},
        {"Ctrl-C in a shell: 130, and the shell goes on", interrupt_in_shell, NULL},
        {"Ctrl-C ends a pipeline", pipeline, NULL},
        {"Ctrl-Z stops COMMAND, fg resumes it", stop_and_continue, NULL},
        {"Ctrl-Z and bg: it ends in the background", stop_and_background, NULL},
        {"SIGSTOP and SIGCONT to the group", stop_whole_group, NULL, true},
        {"window size, and its change once", window_size, NULL},
        {"isatty, stty, /dev/tty", is_terminal, NULL},
        {"tty names the terminal", named_terminal, NULL},
        {"Ctrl-D is the end of input", end_of_input, NULL},
        {"an interactive shell has job control", interactive_shell, NULL},
        {"an interactive shell gives the terminal back", interactive_within_shell, NULL},
        {"a full-screen program", full_screen, "less"},
        {"echo off, and on again", settings_restored, NULL},
        {"output from the background does not stop", background_output, NULL, true},
        {"input in the background stops, in the foreground goes on", background_input, NULL, true},
        {"closing the terminal ends everything: 129", hang_up, NULL},
};

static bool there_is(const char *program)
{
	char line[256];

	snprintf(line, sizeof(line), "command -v %s >/dev/null", program);
	return system(line) == 0;
}

static bool attempt(size_t number, bool inside)
{
	confined = inside;
	*why = '\0';
	session.master = session.child = -1;
	bool good = cases[number].run();
	end_session();
	return good;
}

int main(int argc, char **argv)
{
	const char *skip = getenv("REMIT_SKIP"); /* see report.sh */
	bool strict = skip && strcmp(skip, "fail") == 0;
	int passed = 0, failed = 0, skipped = 0;

	if (argc < 3) {
		fprintf(stderr, "terminal REMIT AGENT [NUMBER...]\n");
		return 2;
	}
	remit_path = argv[1];
	agent_path = argv[2];
	if (getenv("REMIT_APPROVE"))
		approve = getenv("REMIT_APPROVE");
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (cases[i].background && strcmp(approve, "tty") == 0)
			continue;
		if (argc > 3 && (size_t)atoi(argv[3]) != i)
			continue;
		if (cases[i].needs && !there_is(cases[i].needs)) {
			printf("%s %s: no %s\n", strict ? "FAILED " : "skipped", cases[i].name,
			       cases[i].needs);
			*(strict ? &failed : &skipped) += 1;
		} else if (!attempt(i, false)) {
			printf("FAILED  %s: the control, without remit: %s\n", cases[i].name, why);
			failed++;
		} else if (!attempt(i, true)) {
			printf("FAILED  %s: %s\n", cases[i].name, why);
			failed++;
		} else {
			printf("ok      %s\n", cases[i].name);
			passed++;
		}
		fflush(stdout);
	}
	printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
	return failed ? 1 : 0;
}
