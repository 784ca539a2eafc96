#include "library/screen.h"

#include <stdlib.h>
#include <string.h>

enum state {
	STATE_GROUND,
	STATE_ESCAPE,
	STATE_CONTROL,       /* behind "ESC [" */
	STATE_STRING,        /* behind "ESC ]" and its like, up to BEL or "ESC \" */
	STATE_STRING_ESCAPE, /* behind an ESC in one */
};

enum {
	CANCEL = 0x18,
	SUBSTITUTE = 0x1a,
	ESCAPE = 0x1b,
	BELL = 0x07,
};

/* Private modes (DECSET). What a mouse or a paste sends with them set could be taken for keys. */
static const struct {
	unsigned number;
	bool after_reset;
	bool alternate; /* a screen of its own, not a mode */
} modes[] = {
        {1, false, false},    /* cursor keys for applications */
        {6, false, false},    /* lines are counted from the scrolling region */
        {7, true, false},     /* long lines go on in the next */
        {9, false, false},    /* mouse: presses */
        {25, true, false},    /* the cursor is visible */
        {69, false, false},   /* margins at the sides */
        {47, false, true},    /* the alternate screen, in three generations */
        {1047, false, true},  /* */
        {1049, false, true},  /* */
        {1000, false, false}, /* mouse: presses and releases */
        {1001, false, false}, /* mouse: highlighting */
        {1002, false, false}, /* mouse: movement while pressed */
        {1003, false, false}, /* mouse: movement */
        {1004, false, false}, /* focus */
        {1005, false, false}, /* mouse: as UTF-8 */
        {1006, false, false}, /* mouse: as numbers */
        {1015, false, false}, /* mouse: as numbers, another way */
        {1016, false, false}, /* mouse: pixels */
        {2004, false, false}, /* pastes are marked */
        {2026, false, false}, /* output is held back */
};

enum {
	MODES = sizeof(modes) / sizeof(*modes),
};

_Static_assert(MODES <= 32, "struct screen: changed");

static void set_mode(struct screen *screen, unsigned number, bool on)
{
	for (size_t i = 0; i < MODES; i++) {
		if (modes[i].number != number)
			continue;
		if (on == modes[i].after_reset)
			screen->changed &= ~(UINT32_C(1) << i);
		else
			screen->changed |= UINT32_C(1) << i;
	}
}

/* "ESC [ ? NUMBER ; ... h" or l. */
static void set_modes(struct screen *screen, bool on)
{
	const char *place = screen->parameters + 1;

	while (*place) {
		char *end;
		unsigned long number = strtoul(place, &end, 10);
		if (end == place)
			return;
		set_mode(screen, number > 65535 ? 0 : (unsigned)number, on);
		place = *end == ';' ? end + 1 : end;
	}
}

static bool is_region(const char *parameters)
{
	return strspn(parameters, "0123456789;") == strlen(parameters);
}

static void reset(struct screen *screen)
{
	screen->changed = 0;
	*screen->region = '\0';
}

/* The end of a control sequence. */
static void control(struct screen *screen, char final)
{
	if (screen->size >= SCREEN_PARAMETERS)
		return;
	screen->parameters[screen->size] = '\0';
	if ((final == 'h' || final == 'l') && *screen->parameters == '?')
		set_modes(screen, final == 'h');
	else if (final == 'r' && is_region(screen->parameters))
		memcpy(screen->region, screen->parameters, screen->size + 1);
	else if (final == 'p' && strcmp(screen->parameters, "!") == 0)
		reset(screen);
}

static enum state behind_escape(struct screen *screen, char byte)
{
	screen->size = 0;
	if (byte == '[')
		return STATE_CONTROL;
	if (strchr("]PX^_", byte))
		return STATE_STRING;
	if (byte == 'c')
		reset(screen);
	/* Intermediate bytes: a final one follows, which means nothing here. */
	return byte >= 0x20 && byte < 0x30 ? STATE_ESCAPE : STATE_GROUND;
}

static enum state in_control(struct screen *screen, char byte)
{
	if (byte >= 0x40 && byte <= 0x7e) {
		control(screen, byte);
		return STATE_GROUND;
	}
	if (byte >= 0x20 && byte < 0x40) {
		if (screen->size < SCREEN_PARAMETERS)
			screen->parameters[screen->size++] = byte;
	}
	return STATE_CONTROL;
}

static enum state follow(struct screen *screen, char byte)
{
	bool string = screen->state == STATE_STRING || screen->state == STATE_STRING_ESCAPE;

	if (byte == CANCEL || byte == SUBSTITUTE)
		return STATE_GROUND;
	if (byte == ESCAPE)
		return string ? STATE_STRING_ESCAPE : STATE_ESCAPE;
	switch ((enum state)screen->state) {
	case STATE_ESCAPE:
		return byte ? behind_escape(screen, byte) : STATE_ESCAPE;
	case STATE_CONTROL:
		return in_control(screen, byte);
	case STATE_STRING:
		return byte == BELL ? STATE_GROUND : STATE_STRING;
	case STATE_STRING_ESCAPE:
		/* ESC ends a string, and may begin something else. */
		return byte && byte != '\\' ? behind_escape(screen, byte) : STATE_GROUND;
	case STATE_GROUND:
		break;
	}
	return STATE_GROUND;
}

void screen_follow(struct screen *screen, const char *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		screen->state = follow(screen, data[i]);
}

bool screen_is_full(const struct screen *screen)
{
	for (size_t i = 0; i < MODES; i++)
		if (modes[i].alternate && (screen->changed & UINT32_C(1) << i))
			return true;
	return false;
}

static void write_mode(struct buffer *out, unsigned number, bool on)
{
	buffer_printf(out, "\x1b[?%u%c", number, on ? 'h' : 'l');
}

void screen_leave(const struct screen *screen, struct buffer *out)
{
	/* What was begun is broken off, also a string that has no end. Then all by which what
	 * follows would be read as something else or drawn elsewhere: VT52, printers, the status
	 * line, what is protected against erasing. These do not come back. */
	buffer_append_text(out, "\x18\x1b\\\x1b<\x1b[4i\x1b[?4i\x1b[0$}\x1bW\x1b[0\"q");
	/* The cursor, its attributes and character sets are kept: by the alternate screen, or in
	 * the one place for it. */
	if (screen_is_full(screen))
		buffer_append_text(out, "\x1b"
		                        "7");
	else
		write_mode(out, 1049, true);
	for (size_t i = 0; i < MODES; i++)
		if (!modes[i].alternate)
			write_mode(out, modes[i].number, modes[i].after_reset);
	/* No region, no insertion, keys as they are (xterm, kitty), plain attributes, ASCII; then
	 * an empty screen. */
	buffer_append_text(out, "\x1b[r\x1b[4l\x1b[>4;0m\x1b[>0u\x1b[0m\x0f\x1b(B\x1b[2J\x1b[H");
}

void screen_return(const struct screen *screen, struct buffer *out)
{
	buffer_append_text(out, "\x1b[<1u\x1b[0m\x1b[2J\x1b[H");
	if (*screen->region)
		buffer_printf(out, "\x1b[%sr", screen->region);
	for (size_t i = 0; i < MODES; i++)
		if (!modes[i].alternate && (screen->changed & UINT32_C(1) << i))
			write_mode(out, modes[i].number, !modes[i].after_reset);
	if (screen_is_full(screen))
		buffer_append_text(out, "\x1b"
		                        "8");
	else
		write_mode(out, 1049, false);
}
