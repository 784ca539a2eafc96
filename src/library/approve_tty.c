/* A person answers, at the terminal that remit was started on. The tool has a terminal of its own,
 * so that what it writes is not shown while a question is, and what is typed while a question is
 * shown never reaches it.
 *
 * One key is an answer, and only a key that was meant for the question: it comes after a while in
 * which nothing was typed, and alone. What a terminal sends by itself (answers to requests, pastes,
 * a mouse) comes as several bytes at once. */
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/escape.h"
#include "base/text.h"
#include "base/utf8.h"
#include "library/approve_way.h"
#include "library/terminal.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* Microseconds. */
	QUIET = 300000, /* in which nothing is typed, before a key can be an answer */
	ALONE = 100000, /* in which nothing follows it */

	INDENT = 14, /* columns of what stands before a text */
	WIDTH_MOST = 100,
	WIDTH_LEAST = 30,
	LINES_LEAST = 3,
	CONTROL_C = 3,
};

/* A question as it is shown: lines, page by page. */
struct dialog {
	struct terminal *terminal;
	const struct asked *asked; /* what is shown, or NULL */
	struct buffer text;        /* lines with newlines */
	size_t *lines;             /* where each begins */
	size_t line_count, line_capacity;
	size_t width;
	size_t page_lines;
	bool fits;           /* the window shows a page whole: else nothing can be permitted */
	size_t first;        /* line of the page that is shown */
	long long quiet_at;  /* when a key can be an answer, if none was read until then */
	bool quiet;          /* none was: what is read from now on was typed later */
	long long chosen_at; /* when `chosen` was typed */
	char chosen;         /* or 0 */
};

static const char who[] = "tty";

/* --- What can be answered --------------------------------------------------------------------- */

static const struct {
	char key;
	enum answer_scope scope;
	const char *text[EFFECT_COUNT]; /* NULL: nothing of that kind is asked */
} choices[] = {
        {'y', ANSWER_ONCE, {[EFFECT_WRITE] = "yes, once", [EFFECT_CONNECT] = "yes, once"}},
        {'f',
         ANSWER_FOLDER,
         {[EFFECT_WRITE] = "yes, and to all writing in ",
          [EFFECT_CONNECT] = "yes, and to every port of "}},
        {'a',
         ANSWER_EFFECT,
         {[EFFECT_WRITE] = "yes, and to all other writing of this run (not of protected paths)",
          [EFFECT_CONNECT] = "yes, and to all other connections of this run"}},
        {'n', ANSWER_NO, {[EFFECT_WRITE] = "no", [EFFECT_CONNECT] = "no"}},
        {'q',
         ANSWER_NO_ALL,
         {[EFFECT_WRITE] = "no, and to everything else that this run asks",
          [EFFECT_CONNECT] = "no, and to everything else that this run asks"}},
};

enum {
	CHOICES = sizeof(choices) / sizeof(*choices),
};

/* --- The text --------------------------------------------------------------------------------- */

static void new_line(struct dialog *dialog)
{
	void *items = dialog->lines;

	if (dialog->text.size)
		buffer_append(&dialog->text, "\n", 1);
	if (array_reserve(&items, &dialog->line_capacity, dialog->line_count + 1,
	                  sizeof(*dialog->lines)) < 0) {
		dialog->text.failed = true;
		return;
	}
	dialog->lines = items;
	dialog->lines[dialog->line_count++] = dialog->text.size;
}

/* A terminal that does not decode UTF-8, or was told not to, obeys the bytes from 80 to 9F. */
static bool is_obeyed(const char *character, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)character[i];
		if (byte >= 0x80 && byte <= 0x9f)
			return true;
	}
	return false;
}

/* A label, and a text of anybody's choosing behind it: escaped, whole, in as many lines as it
 * takes. */
static void say(struct dialog *dialog, const char *label, const char *text)
{
	cleanup_buffer struct buffer escaped = {0};
	size_t column = INDENT;

	new_line(dialog);
	buffer_printf(&dialog->text, "%-*s", INDENT, label);
	escape_terminal(&escaped, text, strlen(text));
	dialog->text.failed |= buffer_failed(&escaped);
	for (size_t i = 0; !buffer_failed(&escaped) && i < escaped.size;) {
		uint32_t character;
		size_t length = utf8_decode(escaped.data + i, escaped.size - i, &character);
		if (length == 0)
			length = 1;
		char code[16] = "";
		if (is_obeyed(escaped.data + i, length))
			snprintf(code, sizeof(code), "\\u{%x}", (unsigned)character);
		size_t columns = *code ? strlen(code) : text_columns(escaped.data + i, length);
		if (column + columns > dialog->width) {
			new_line(dialog);
			buffer_printf(&dialog->text, "%*s", INDENT, "");
			column = INDENT;
		}
		if (*code)
			buffer_append_text(&dialog->text, code);
		else
			buffer_append(&dialog->text, escaped.data + i, length);
		column += columns;
		i += length;
	}
}

static void say_known(struct dialog *dialog, const char *label, const char *text)
{
	if (text)
		say(dialog, label, text);
}

/* Takes `text` over. */
static void say_made(struct dialog *dialog, const char *label, char *text)
{
	if (text)
		say(dialog, label, text);
	else
		dialog->text.failed = true;
	free(text);
}

static void say_choices(struct dialog *dialog, const struct question *question)
{
	cleanup_free char *folder = approve_folder(question);

	for (size_t i = 0; i < CHOICES; i++) {
		char label[] = "         [ ]  ";
		label[10] = choices[i].key;
		if (approve_may(question, choices[i].scope))
			say_made(dialog, label,
			         text_printf("%s%s", choices[i].text[question->effect],
			                     choices[i].scope == ANSWER_FOLDER && folder ? folder
			                                                                 : ""));
	}
}

static void write_text(struct dialog *dialog, const struct approver *approver)
{
	const struct question *question = &dialog->asked->question;
	const char *tool = approver->request->tool;

	dialog->text.size = 0;
	dialog->line_count = 0;
	say_known(dialog, "agent", approver->request->policy->agent_name);
	say(dialog, "tool", tool ? tool : "any of the agent's");
	say_known(dialog, "program", question->exe);
	say_made(dialog, "process",
	         question->comm ? text_printf("%d, %s", (int)question->pid, question->comm)
	                        : text_printf("%d", (int)question->pid));
	say_made(dialog, "wants to",
	         text_printf("%s (%s)", effect_name(question->effect), question->operation));
	say(dialog, question->effect == EFFECT_WRITE ? "path" : "peer", question->target);
	if (question->protected)
		say(dialog, "protected", "what is written there can be executed later, outside");
	say_known(dialog, "because", question->because);
	new_line(dialog);
	say_choices(dialog, question);
}

/* --- Showing it ------------------------------------------------------------------------------- */

static bool is_last_page(const struct dialog *dialog)
{
	return dialog->first + dialog->page_lines >= dialog->line_count;
}

static void write_heading(const struct approver *approver, struct buffer *out)
{
	size_t more = approver->waiting - approver->asking->caller_count;

	buffer_append_text(out, "\x1b[2J\x1b[H\x1b[7m remit asks \x1b[0m");
	if (approver->asking->caller_count > 1)
		buffer_printf(out, " for %zu calls alike", approver->asking->caller_count);
	if (more)
		buffer_printf(out, " (%zu more %s)", more, more == 1 ? "waits" : "wait");
	buffer_append_text(out, "\r\n\r\n");
}

static void write_page(const struct dialog *dialog, struct buffer *out)
{
	for (size_t i = dialog->first;
	     i < dialog->line_count && i < dialog->first + dialog->page_lines; i++) {
		size_t end =
		        i + 1 < dialog->line_count ? dialog->lines[i + 1] - 1 : dialog->text.size;
		buffer_append(out, dialog->text.data + dialog->lines[i], end - dialog->lines[i]);
		buffer_append_text(out, "\r\n");
	}
	buffer_append_text(out, !dialog->fits          ? "\r\ntoo small a window: [n]o: "
	                        : is_last_page(dialog) ? "\r\nanswer: "
	                                               : "\r\nthere is more: [space], or [n]o: ");
}

static void wait_for_quiet(struct dialog *dialog, long long now)
{
	dialog->quiet_at = now + QUIET;
	dialog->quiet = false;
}

static void show_page(struct approver *approver)
{
	struct dialog *dialog = approver->state;
	cleanup_buffer struct buffer out = {0};

	write_heading(approver, &out);
	write_page(dialog, &out);
	if (!buffer_failed(&out))
		terminal_show(dialog->terminal, out.data, out.size);
	dialog->chosen = 0;
	wait_for_quiet(dialog, approve_now());
}

/* For the size that the window has. */
static void show(struct approver *approver)
{
	struct dialog *dialog = approver->state;
	struct winsize size;

	terminal_size(dialog->terminal, &size);
	dialog->width = size.ws_col < WIDTH_LEAST ? WIDTH_LEAST : size.ws_col;
	if (dialog->width > WIDTH_MOST)
		dialog->width = WIDTH_MOST;
	dialog->fits = size.ws_col >= WIDTH_LEAST && size.ws_row >= 4 + LINES_LEAST;
	/* Two lines above, two below. */
	dialog->page_lines = size.ws_row < 4 + LINES_LEAST ? LINES_LEAST : size.ws_row - 4U;
	dialog->first = 0;
	write_text(dialog, approver);
	show_page(approver);
}

static void hide(struct dialog *dialog)
{
	if (dialog->asked)
		terminal_release(dialog->terminal, approve_now() / 1000);
	dialog->asked = NULL;
	dialog->chosen = 0;
}

/* --- Answers ---------------------------------------------------------------------------------- */

static void answer(struct approver *approver, enum answer_scope scope)
{
	hide(approver->state);
	approver_settle(approver, scope, who);
}

/* Only what is shown can be chosen, and nothing is permitted that was not shown whole. */
static void choose(struct approver *approver, char key)
{
	struct dialog *dialog = approver->state;
	const struct question *question = &dialog->asked->question;

	if (key == ' ' && !is_last_page(dialog)) {
		dialog->first += dialog->page_lines;
		show_page(approver);
		return;
	}
	for (size_t i = 0; i < CHOICES; i++) {
		if (choices[i].key != key || !approve_may(question, choices[i].scope) ||
		    (!approve_is_refusal(choices[i].scope) &&
		     (!dialog->fits || !is_last_page(dialog) || buffer_failed(&dialog->text))))
			continue;
		answer(approver, choices[i].scope);
		return;
	}
}

static void hear(struct approver *approver, const char *typed, size_t size, long long now)
{
	struct dialog *dialog = approver->state;
	bool quiet = dialog->quiet;

	wait_for_quiet(dialog, now);
	dialog->chosen = 0;
	if (size != 1)
		return;
	if (*typed == CONTROL_C) {
		answer(approver, ANSWER_NO);
		return;
	}
	if (!quiet)
		return;
	dialog->chosen = *typed;
	dialog->chosen_at = now;
}

static void work_tty(struct approver *approver, const struct pollfd *places, long long now)
{
	struct dialog *dialog = approver->state;
	char typed[TERMINAL_TYPED_MOST];

	terminal_work(dialog->terminal, places, now / 1000);
	if (terminal_is_gone(dialog->terminal) && approver->first) {
		hide(dialog);
		approver->asking = approver->first;
		approver_settle(approver, ANSWER_NO_ALL, who);
		return;
	}
	size_t size = terminal_typed(dialog->terminal, typed);
	if (!dialog->asked)
		return;
	/* What is not seen yet cannot be answered. */
	if (!terminal_has_shown(dialog->terminal))
		wait_for_quiet(dialog, now);
	if (size) {
		hear(approver, typed, size, now);
		return;
	}
	/* When a key was typed is not known, only when it is read: on a busy machine much later. */
	dialog->quiet |= now >= dialog->quiet_at;
	if (dialog->chosen && now >= dialog->chosen_at + ALONE)
		choose(approver, dialog->chosen);
}

/* --- The way ---------------------------------------------------------------------------------- */

static int open_tty(struct approver *approver, const char *argument, struct error *err)
{
	struct dialog *dialog = calloc(1, sizeof(*dialog));

	(void)argument;
	if (!dialog)
		return error_memory(err);
	approver->state = dialog;
	if (terminal_open(&dialog->terminal, err) < 0)
		return error_help(err, "start remit in the foreground of a terminal, or "
		                       "--approve exec:PROGRAM");
	return 0;
}

static void begin_tty(struct approver *approver)
{
	const struct dialog *dialog = approver->state;

	terminal_begin(dialog->terminal);
}

static bool is_ready(const struct approver *approver)
{
	const struct dialog *dialog = approver->state;

	return terminal_is_ours(dialog->terminal);
}

static void ask(struct approver *approver, const struct asked *asked)
{
	struct dialog *dialog = approver->state;

	dialog->asked = asked;
	terminal_hold(dialog->terminal);
	show(approver);
}

static void withdraw(struct approver *approver)
{
	hide(approver->state);
}

static void places(const struct approver *approver, struct pollfd *out)
{
	const struct dialog *dialog = approver->state;

	terminal_places(dialog->terminal, out);
}

static long long wakes_at(const struct approver *approver, long long now)
{
	const struct dialog *dialog = approver->state;
	int patience = terminal_patience(dialog->terminal, now / 1000);
	long long wakes = patience < 0 ? 0 : now + (long long)patience * 1000;

	if (dialog->asked && !dialog->quiet && terminal_has_shown(dialog->terminal) &&
	    (!wakes || dialog->quiet_at < wakes))
		wakes = dialog->quiet_at;
	if (dialog->chosen && (!wakes || dialog->chosen_at + ALONE < wakes))
		wakes = dialog->chosen_at + ALONE;
	return wakes;
}

static bool signal_tty(struct approver *approver, int number)
{
	struct dialog *dialog = approver->state;

	switch (number) {
	case SIGWINCH:
		terminal_resize(dialog->terminal);
		if (dialog->asked)
			show(approver);
		return true;
	case SIGCONT:
		terminal_resume(dialog->terminal, approve_now() / 1000);
		if (dialog->asked && terminal_is_ours(dialog->terminal))
			show(approver);
		return false;
	case SIGTSTP:
		terminal_expect_stop(dialog->terminal, approve_now() / 1000);
		return false;
	case SIGTTIN:
	case SIGTTOU:
		return true;
	default:
		return false;
	}
}

/* A question that is shown is put again afterwards. */
static bool stopped(struct approver *approver)
{
	struct dialog *dialog = approver->state;

	hide(dialog);
	approver->asking = NULL;
	return terminal_suspend(dialog->terminal, approve_now() / 1000);
}

static void close_tty(struct approver *approver)
{
	struct dialog *dialog = approver->state;

	hide(dialog);
	terminal_close(dialog->terminal);
	buffer_free(&dialog->text);
	free(dialog->lines);
	free(dialog);
}

struct terminal *approve_tty_terminal(const struct approver *approver)
{
	const struct dialog *dialog = approver->state;

	return dialog ? dialog->terminal : NULL;
}

const struct approve_way approve_tty = {
        .name = "tty",
        .kind = WATCH_APPROVE_ASK,
        .open = open_tty,
        .begin = begin_tty,
        .ready = is_ready,
        .ask = ask,
        .withdraw = withdraw,
        .places = places,
        .wakes_at = wakes_at,
        .work = work_tty,
        .signal = signal_tty,
        .stopped = stopped,
        .close = close_tty,
};
