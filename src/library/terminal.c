#include "library/terminal.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "library/screen.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum {
	ROOM = 8192,          /* bytes on their way, in each direction */
	REDRAW = 80,          /* milliseconds between two sizes of the window */
	BACKGROUND = 250,     /* milliseconds until the foreground is looked for again */
	LAST_PATIENCE = 2000, /* milliseconds for a terminal that takes nothing, at the end */
	STOPPING = 2000,      /* milliseconds from the key to the tool's stop */
	MOST_READS = 64,      /* more than the kernel keeps of what was written */
	ALL_STREAMS = 1 | 2 | 4,
};

/* Bytes on their way. */
struct channel {
	char data[ROOM];
	size_t begin, end;
};

struct terminal {
	int real;  /* the caller's terminal, an open file of its own, non-blocking */
	int outer; /* the pseudo-terminal's end that the caller has, non-blocking; -1: gone */
	int inner; /* the tool's. Kept open, so that it never hangs up by itself */
	unsigned streams;
	struct termios saved;
	bool raw;
	bool foreground;
	bool held;
	bool gone; /* hung up */
	struct channel in, out;
	struct buffer own; /* what is to be shown on our account; goes first */
	size_t own_done;
	char typed[TERMINAL_TYPED_MOST];
	size_t typed_size;
	struct screen screen;
	long long stop_until; /* until when a stop of the tool is what somebody wanted */
	long long redraw_at;  /* when the window gets its true size back; 0: it has it */
};

/* --- Which terminal --------------------------------------------------------------------------- */

/* The terminal itself, also where it was opened as /dev/tty. */
static bool is_terminal(int file, unsigned device)
{
	unsigned found = 0;

	return ioctl(file, TIOCGDEV, &found) == 0 && found == device;
}

static unsigned streams_of(int real)
{
	unsigned device = 0;
	unsigned streams = 0;

	if (ioctl(real, TIOCGDEV, &device) < 0)
		return 0;
	for (int stream = 0; stream < 3; stream++)
		if (is_terminal(stream, device))
			streams |= 1U << stream;
	return streams;
}

static int open_real(void)
{
	return open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
}

static bool in_foreground(int real)
{
	return tcgetpgrp(real) == getpgrp();
}

bool terminal_has_person(void)
{
	cleanup_close int real = open_real();

	return real >= 0 && in_foreground(real) && streams_of(real) == ALL_STREAMS;
}

static int open_pair(struct terminal *terminal, struct error *err)
{
	int locked = 0;
	struct winsize size;

	terminal->outer = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (terminal->outer < 0)
		return error_system(err, errno, "a pseudo-terminal: /dev/ptmx");
	if (ioctl(terminal->outer, TIOCSPTLCK, &locked) < 0)
		return error_system(err, errno, "a pseudo-terminal");
	/* By descriptor: /dev/pts may be another one. Since Linux 4.13. */
	terminal->inner = ioctl(terminal->outer, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (terminal->inner < 0)
		return error_system(err, errno, "a pseudo-terminal's other end");
	if (tcgetattr(terminal->real, &terminal->saved) < 0 ||
	    tcsetattr(terminal->inner, TCSANOW, &terminal->saved) < 0 ||
	    ioctl(terminal->real, TIOCGWINSZ, &size) < 0 ||
	    ioctl(terminal->inner, TIOCSWINSZ, &size) < 0)
		return error_system(err, errno, "the settings of a terminal");
	return 0;
}

static int find_real(struct terminal *terminal, struct error *err)
{
	terminal->real = open_real();
	if (terminal->real < 0)
		return error_system(err, errno, "there is no terminal to ask at");
	if (!in_foreground(terminal->real))
		return error_set(err, "not in the foreground of the terminal");
	terminal->streams = streams_of(terminal->real);
	if (!(terminal->streams & 1))
		return error_set(err, "standard input is not the terminal");
	return 0;
}

int terminal_open(struct terminal **out, struct error *err)
{
	struct terminal *terminal = calloc(1, sizeof(*terminal));

	*out = NULL;
	if (!terminal)
		return error_memory(err);
	terminal->real = terminal->outer = terminal->inner = -1;
	if (find_real(terminal, err) < 0 || open_pair(terminal, err) < 0) {
		terminal_close(terminal);
		return -1;
	}
	*out = terminal;
	return 0;
}

int terminal_inner(const struct terminal *terminal)
{
	return terminal->inner;
}

unsigned terminal_streams(const struct terminal *terminal)
{
	return terminal->streams;
}

/* --- Raw, and back ---------------------------------------------------------------------------- */

static void take(struct terminal *terminal)
{
	struct termios raw = terminal->saved;

	cfmakeraw(&raw);
	terminal->foreground = in_foreground(terminal->real);
	if (!terminal->foreground || terminal->raw)
		return;
	terminal->raw = tcsetattr(terminal->real, TCSANOW, &raw) == 0;
	/* Nobody is told in the background. */
	terminal_resize(terminal);
}

static void give_back(struct terminal *terminal)
{
	if (terminal->raw && in_foreground(terminal->real))
		tcsetattr(terminal->real, TCSANOW, &terminal->saved);
	terminal->raw = false;
}

void terminal_begin(struct terminal *terminal)
{
	take(terminal);
}

bool terminal_is_ours(const struct terminal *terminal)
{
	return terminal->raw && terminal->foreground && !terminal->gone;
}

bool terminal_is_gone(const struct terminal *terminal)
{
	return terminal->gone;
}

/* Hanging up the tool's terminal sends SIGHUP to whom it leads. */
static void hang_up(struct terminal *terminal)
{
	terminal->gone = true;
	if (terminal->outer >= 0)
		close(steal_descriptor(&terminal->outer));
	if (terminal->inner >= 0)
		close(steal_descriptor(&terminal->inner));
}

/* --- The relay -------------------------------------------------------------------------------- */

static bool has_own(const struct terminal *terminal)
{
	return terminal->own.size > terminal->own_done;
}

static bool is_empty(const struct channel *channel)
{
	return channel->begin == channel->end;
}

/* Nothing is read that could not be handed on: who writes waits then. */
void terminal_places(const struct terminal *terminal, struct pollfd *places)
{
	short real = 0;
	short outer = 0;

	if (terminal->raw && terminal->foreground && (terminal->held || is_empty(&terminal->in)))
		real |= POLLIN;
	if (has_own(terminal) || (!terminal->held && !is_empty(&terminal->out)))
		real |= POLLOUT;
	if (!terminal->held && is_empty(&terminal->out))
		outer |= POLLIN;
	if (!is_empty(&terminal->in))
		outer |= POLLOUT;
	places[0] = (struct pollfd){.fd = terminal->gone ? -1 : terminal->real, .events = real};
	places[1] = (struct pollfd){.fd = outer ? terminal->outer : -1, .events = outer};
}

int terminal_patience(const struct terminal *terminal, long long now)
{
	if (terminal->redraw_at)
		return terminal->redraw_at > now ? (int)(terminal->redraw_at - now) : 0;
	return terminal->foreground || terminal->gone ? -1 : BACKGROUND;
}

static bool would_wait(ssize_t result)
{
	return result < 0 && (errno == EAGAIN || errno == EINTR);
}

static void fill(struct channel *channel, int from)
{
	ssize_t size = read(from, channel->data, sizeof(channel->data));

	channel->begin = 0;
	channel->end = size > 0 ? (size_t)size : 0;
}

/* Negative where the other side is gone. */
static int drain(struct channel *channel, int to, struct screen *screen)
{
	ssize_t size = write(to, channel->data + channel->begin, channel->end - channel->begin);

	if (size < 0)
		return would_wait(size) ? 0 : -1;
	if (screen)
		screen_follow(screen, channel->data + channel->begin, (size_t)size);
	channel->begin += (size_t)size;
	if (is_empty(channel))
		channel->begin = channel->end = 0;
	return 0;
}

static int show_own(struct terminal *terminal)
{
	ssize_t size = write(terminal->real, terminal->own.data + terminal->own_done,
	                     terminal->own.size - terminal->own_done);

	if (size < 0)
		return would_wait(size) ? 0 : -1;
	terminal->own_done += (size_t)size;
	if (!has_own(terminal)) {
		terminal->own.size = terminal->own_done = 0;
	}
	return 0;
}

static void read_held(struct terminal *terminal)
{
	ssize_t size = read(terminal->real, terminal->typed, sizeof(terminal->typed));

	if (size == 0)
		hang_up(terminal);
	terminal->typed_size = size > 0 ? (size_t)size : 0;
}

/* A terminal reads as EIO also for who is in its background by now. */
static void read_real(struct terminal *terminal, long long now)
{
	if (terminal->held) {
		read_held(terminal);
		return;
	}
	ssize_t size = read(terminal->real, terminal->in.data, sizeof(terminal->in.data));
	terminal->in.begin = 0;
	terminal->in.end = size > 0 ? (size_t)size : 0;
	if (memchr(terminal->in.data, terminal->saved.c_cc[VSUSP], terminal->in.end))
		terminal_expect_stop(terminal, now);
	if (size == 0)
		hang_up(terminal);
	else if (size < 0 && !would_wait(size))
		terminal->foreground = in_foreground(terminal->real);
}

static void work_real(struct terminal *terminal, short events, long long now)
{
	int result = 0;

	if ((events & (POLLHUP | POLLERR | POLLNVAL)) && !(events & POLLIN)) {
		hang_up(terminal);
		return;
	}
	if (events & POLLOUT)
		result = has_own(terminal)
		                 ? show_own(terminal)
		                 : drain(&terminal->out, terminal->real, &terminal->screen);
	if (result < 0)
		hang_up(terminal);
	else if (events & POLLIN)
		read_real(terminal, now);
}

static void work_outer(struct terminal *terminal, short events)
{
	if ((events & POLLIN) && !terminal->held && is_empty(&terminal->out))
		fill(&terminal->out, terminal->outer);
	if ((events & POLLOUT) && !is_empty(&terminal->in) &&
	    drain(&terminal->in, terminal->outer, NULL) < 0)
		terminal->in.begin = terminal->in.end = 0;
}

void terminal_work(struct terminal *terminal, const struct pollfd *places, long long now)
{
	if (terminal->redraw_at && now >= terminal->redraw_at) {
		terminal->redraw_at = 0;
		terminal_resize(terminal);
	}
	if (!terminal->foreground && !terminal->gone)
		take(terminal);
	if (places[0].fd >= 0 && places[0].revents)
		work_real(terminal, places[0].revents, now);
	if (places[1].fd >= 0 && places[1].revents && terminal->outer >= 0)
		work_outer(terminal, places[1].revents);
}

/* --- Taken away from the tool ----------------------------------------------------------------- */

/* What the tool wrote before it was held is shown before, as far as the terminal takes it. Another
 * process of it may go on writing: not for ever. */
static void show_rest(struct terminal *terminal)
{
	if (has_own(terminal) && show_own(terminal) < 0)
		return;
	for (int reads = 0; reads < MOST_READS && terminal->outer >= 0 && !has_own(terminal);
	     reads++) {
		if (is_empty(&terminal->out))
			fill(&terminal->out, terminal->outer);
		if (is_empty(&terminal->out) ||
		    drain(&terminal->out, terminal->real, &terminal->screen) < 0 ||
		    !is_empty(&terminal->out))
			return;
	}
}

void terminal_hold(struct terminal *terminal)
{
	if (terminal->held || terminal->gone)
		return;
	show_rest(terminal);
	terminal->held = true;
	terminal->typed_size = 0;
	tcflush(terminal->real, TCIFLUSH);
	screen_leave(&terminal->screen, &terminal->own);
}

void terminal_show(struct terminal *terminal, const char *text, size_t size)
{
	if (!terminal->gone)
		buffer_append(&terminal->own, text, size);
}

bool terminal_has_shown(const struct terminal *terminal)
{
	return !has_own(terminal) && !terminal->own.failed;
}

size_t terminal_typed(struct terminal *terminal, char typed[TERMINAL_TYPED_MOST])
{
	size_t size = terminal->typed_size;

	memcpy(typed, terminal->typed, size);
	terminal->typed_size = 0;
	return size;
}

/* A program that draws the whole screen does so again when the window gets another size: it gets
 * another one, and soon the true one back. */
static void ask_to_redraw(struct terminal *terminal, long long now)
{
	struct winsize size;

	if (terminal->outer < 0 || ioctl(terminal->outer, TIOCGWINSZ, &size) < 0 || size.ws_row < 2)
		return;
	size.ws_row--;
	if (ioctl(terminal->outer, TIOCSWINSZ, &size) == 0)
		terminal->redraw_at = now + REDRAW;
}

void terminal_release(struct terminal *terminal, long long now)
{
	if (!terminal->held)
		return;
	terminal->held = false;
	/* What was typed until now was not meant for the tool. */
	tcflush(terminal->real, TCIFLUSH);
	terminal->typed_size = 0;
	screen_return(&terminal->screen, &terminal->own);
	if (screen_is_full(&terminal->screen))
		ask_to_redraw(terminal, now);
}

void terminal_size(const struct terminal *terminal, struct winsize *out)
{
	*out = (struct winsize){0};
	if (ioctl(terminal->real, TIOCGWINSZ, out) < 0 || !out->ws_row || !out->ws_col)
		*out = (struct winsize){.ws_row = 24, .ws_col = 80};
}

void terminal_resize(struct terminal *terminal)
{
	struct winsize size;

	if (terminal->outer >= 0 && ioctl(terminal->real, TIOCGWINSZ, &size) == 0)
		ioctl(terminal->outer, TIOCSWINSZ, &size);
}

/* --- Stopping and going on -------------------------------------------------------------------- */

void terminal_expect_stop(struct terminal *terminal, long long now)
{
	terminal->stop_until = now + STOPPING;
}

bool terminal_suspend(struct terminal *terminal, long long now)
{
	sigset_t stop;
	sigset_t before;

	if (now >= terminal->stop_until)
		return false;
	terminal->stop_until = 0;
	give_back(terminal);
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	/* Blocked, it would only be noted. Where nobody could continue the group (it is orphaned),
	 * the kernel does not stop it. */
	kill(0, SIGTSTP);
	if (sigprocmask(SIG_UNBLOCK, &stop, &before) == 0)
		sigprocmask(SIG_SETMASK, &before, NULL);
	terminal_resume(terminal, now);
	return true;
}

void terminal_resume(struct terminal *terminal, long long now)
{
	/* The shell has set the terminal up as it likes it. */
	terminal->raw = false;
	take(terminal);
	if (terminal->foreground && screen_is_full(&terminal->screen))
		ask_to_redraw(terminal, now);
}

/* --- The end ---------------------------------------------------------------------------------- */

/* False where nothing more is to come, or the terminal takes nothing any more. */
static bool show_more(struct terminal *terminal, int *reads)
{
	struct pollfd place = {.fd = terminal->real, .events = POLLOUT};

	if (terminal->gone || terminal->outer < 0)
		return false;
	if (is_empty(&terminal->out)) {
		fill(&terminal->out, terminal->outer);
		++*reads;
	}
	if (is_empty(&terminal->out) && !has_own(terminal))
		return false;
	if (poll(&place, 1, LAST_PATIENCE) <= 0 || place.revents != POLLOUT)
		return false;
	work_real(terminal, POLLOUT, 0);
	return true;
}

void terminal_close(struct terminal *terminal)
{
	if (!terminal)
		return;
	terminal_release(terminal, 0);
	for (int reads = 0; reads < MOST_READS && show_more(terminal, &reads);)
		;
	give_back(terminal);
	buffer_free(&terminal->own);
	if (terminal->outer >= 0)
		close(terminal->outer);
	if (terminal->inner >= 0)
		close(terminal->inner);
	if (terminal->real >= 0)
		close(terminal->real);
	free(terminal);
}
