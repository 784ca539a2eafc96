#include "network/http.h"

#include "network/dns.h"

#include <string.h>
#include <strings.h>

enum {
	LINE_MOST = 8192, /* of a chunk's size, of a trailer */
};

/* A piece of the head. */
struct text {
	const char *at;
	size_t size;
};

static bool is_token(struct text text)
{
	static const char others[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < text.size; i++) {
		char c = text.at[i];
		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    (c == '\0' || !strchr(others, c)))
			return false;
	}
	return text.size > 0;
}

static bool is_word(struct text text, const char *word)
{
	return text.size == strlen(word) && strncasecmp(text.at, word, text.size) == 0;
}

static bool begins_with(struct text text, const char *word)
{
	return text.size >= strlen(word) && strncasecmp(text.at, word, strlen(word)) == 0;
}

static struct text behind(struct text text, size_t size)
{
	return (struct text){text.at + size, text.size - size};
}

static struct text trim(struct text text)
{
	while (text.size && (*text.at == ' ' || *text.at == '\t'))
		text = behind(text, 1);
	while (text.size && (text.at[text.size - 1] == ' ' || text.at[text.size - 1] == '\t'))
		text.size--;
	return text;
}

/* Up to `end`, which is taken away, too. The whole where it is not there. */
static struct text split(struct text *rest, char end)
{
	const char *found = memchr(rest->at, end, rest->size);
	struct text part = *rest;

	if (found)
		part.size = (size_t)(found - rest->at);
	*rest = behind(*rest, found ? part.size + 1 : part.size);
	return part;
}

/* The number of a port; false where it is none that can be connected to. */
static bool take_port(struct text text, uint16_t *out)
{
	unsigned number = 0;

	if (!text.size || text.size > 5)
		return false;
	for (size_t i = 0; i < text.size; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
		number = number * 10 + (unsigned)(text.at[i] - '0');
	}
	*out = (uint16_t)number;
	return number > 0 && number <= UINT16_MAX;
}

/* `host`, `host:port`, `[address]:port`. `*port_out` is left alone where there is none. */
static bool take_authority(struct text text, char name[NETWORK_NAME_MOST + 1], uint16_t *port_out)
{
	struct text host;
	struct text port;
	struct network_address address;

	if (text.size && *text.at == '[') {
		port = behind(text, 1);
		host = split(&port, ']');
		if (port.size && *port.at != ':')
			return false;
		port = port.size ? behind(port, 1) : port;
	} else {
		port = text;
		host = split(&port, ':');
	}
	if (port.size && !take_port(port, port_out))
		return false;
	if (!host.size || host.size > NETWORK_NAME_MOST || memchr(host.at, '\0', host.size))
		return false;
	for (size_t i = 0; i < host.size; i++) {
		char c = host.at[i];
		name[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
	}
	name[host.size] = '\0';
	if (host.size > 1 && name[host.size - 1] == '.')
		name[host.size - 1] = '\0';
	return dns_is_host_name(name) || network_address_parse(name, &address);
}

/* What the head says, line by line. */
struct head {
	const char *start;
	bool has_host, has_length, chunked, has_upgrade;
	bool old;  /* HTTP/1.0, which has no chunks: who ignores them reads other requests */
	bool bare; /* of a method whose body is ignored by many: they read requests in it */
	uint64_t length;
	char target[NETWORK_NAME_MOST + 1]; /* that the first line names, or "" */
};

static bool take_request_line(struct text line, struct http *http, struct head *head)
{
	struct text rest = line;
	struct text method = split(&rest, ' ');
	struct text target = split(&rest, ' ');

	/* Of other versions nothing is known. */
	if (!is_token(method) || !target.size ||
	    !(is_word(rest, "HTTP/1.1") || is_word(rest, "HTTP/1.0")))
		return false;
	head->old = is_word(rest, "HTTP/1.0");
	head->bare = is_word(method, "GET") || is_word(method, "HEAD") ||
	             is_word(method, "OPTIONS") || is_word(method, "TRACE");
	http->tunnel = is_word(method, "CONNECT");
	if (http->tunnel)
		return take_authority(target, head->target, &http->port) && http->port;
	if (*target.at == '/' || is_word(target, "*"))
		return true;
	/* To a proxy, which goes where the first line says. */
	if (!begins_with(target, "http://"))
		return false;
	struct text authority = behind(target, strlen("http://"));
	size_t size = 0;
	while (size < authority.size && !strchr("/?#", authority.at[size]))
		size++;
	authority.size = size;
	http->port = 80;
	return take_authority(authority, head->target, &http->port);
}

static bool take_length(struct text value, struct head *head)
{
	if (head->has_length || !value.size || value.size > 18)
		return false;
	head->has_length = true;
	for (size_t i = 0; i < value.size; i++) {
		if (value.at[i] < '0' || value.at[i] > '9')
			return false;
		head->length = head->length * 10 + (uint64_t)(value.at[i] - '0');
	}
	return true;
}

static bool take_field(struct text line, struct http *http, struct head *head)
{
	struct text value = line;
	struct text key = split(&value, ':');

	if (key.size == line.size || !is_token(key))
		return false;
	value = trim(value);
	if (is_word(key, "host")) {
		uint16_t port; /* the connection has one */
		if (head->has_host || !take_authority(value, http->name, &port))
			return false;
		head->has_host = true;
	} else if (is_word(key, "content-length")) {
		return take_length(value, head);
	} else if (is_word(key, "transfer-encoding")) {
		if (head->chunked || !is_word(value, "chunked"))
			return false;
		head->chunked = true;
	} else if (is_word(key, "upgrade")) {
		if (head->has_upgrade)
			return false;
		head->has_upgrade = true;
		http->websocket = is_word(value, "websocket");
		http->upgrade = http->websocket ? 0 : (size_t)(key.at - head->start);
	}
	return true;
}

/* The next line without its end. False where it ends in another way than the standard's. */
static bool next_line(struct text *rest, struct text *line)
{
	*line = split(rest, '\n');
	if (!line->size || line->at[line->size - 1] != '\r')
		return false;
	line->size--;
	return !memchr(line->at, '\r', line->size) && !memchr(line->at, '\0', line->size);
}

static bool read_head(struct text text, struct http *http)
{
	struct head head = {.start = text.at};
	struct text line;

	*http = (struct http){0};
	if (!next_line(&text, &line) || !take_request_line(line, http, &head))
		return false;
	for (;;) {
		if (!next_line(&text, &line))
			return false;
		if (!line.size)
			break;
		if (!take_field(line, http, &head))
			return false;
	}
	if (head.chunked && (head.has_length || head.old))
		return false;
	if (head.bare && (head.chunked || head.length))
		return false;
	if (*head.target) {
		/* Two that differ: which one counts depends on who reads. */
		if (head.has_host && strcmp(head.target, http->name) != 0)
			return false;
		memcpy(http->name, head.target, sizeof(http->name));
	}
	if (head.chunked)
		http->part = HTTP_IN_SIZE;
	else if (head.length) {
		http->part = HTTP_IN_BODY;
		http->left = head.length;
	}
	/* Behind these another protocol may begin. */
	return !(http->tunnel || http->websocket) || http->part == HTTP_IN_HEAD;
}

static enum http_step step_head(struct http *http, const char *data, size_t size, size_t *used)
{
	size_t room = size < HTTP_HEAD_MOST ? size : HTTP_HEAD_MOST;
	const char *end = memmem(data, room, "\r\n\r\n", 4);

	if (!end) {
		/* A line that ends otherwise never becomes a head. */
		const char *line = memchr(data, '\n', room);
		bool odd = line && (line == data || line[-1] != '\r');
		return odd || size >= HTTP_HEAD_MOST ? HTTP_BAD : HTTP_MORE;
	}
	*used = (size_t)(end - data) + 4;
	return read_head((struct text){data, *used}, http) ? HTTP_HEAD : HTTP_BAD;
}

static bool take_chunk_size(struct text line, uint64_t *out)
{
	struct text digits = split(&line, ';');

	*out = 0;
	if (!digits.size || digits.size > 15)
		return false;
	for (size_t i = 0; i < digits.size; i++) {
		char c = digits.at[i];
		unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
		                 : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
		                 : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
		                                        : 16;
		if (digit == 16)
			return false;
		*out = *out * 16 + digit;
	}
	return true;
}

/* A line of the framing of chunks. */
static enum http_step step_line(struct http *http, const char *data, size_t size, size_t *used)
{
	const char *end = memchr(data, '\n', size < LINE_MOST ? size : LINE_MOST);
	struct text rest = {data, end ? (size_t)(end - data) + 1 : 0};
	struct text line;
	uint64_t length;

	if (!end)
		return size >= LINE_MOST ? HTTP_BAD : HTTP_MORE;
	*used = rest.size;
	if (!next_line(&rest, &line))
		return HTTP_BAD;
	if (http->part == HTTP_IN_TRAILER) {
		if (!line.size)
			http->part = HTTP_IN_HEAD;
		return HTTP_BODY;
	}
	if (!take_chunk_size(line, &length))
		return HTTP_BAD;
	http->part = length ? HTTP_IN_CHUNK : HTTP_IN_TRAILER;
	http->left = length ? length + 2 : 0;
	return HTTP_BODY;
}

/* The last two bytes of a chunk are the line's end. */
static enum http_step step_chunk(struct http *http, const char *data, size_t size, size_t *used)
{
	uint64_t body = http->left > 2 ? http->left - 2 : 0;

	if (body) {
		*used = body < size ? (size_t)body : size;
		http->left -= *used;
		return HTTP_BODY;
	}
	if (*data != (http->left == 2 ? '\r' : '\n'))
		return HTTP_BAD;
	*used = 1;
	http->left--;
	if (!http->left)
		http->part = HTTP_IN_SIZE;
	return HTTP_BODY;
}

enum http_step http_read(struct http *http, const char *data, size_t size, size_t *used)
{
	*used = 0;
	if (!size)
		return HTTP_MORE;
	switch (http->part) {
	case HTTP_IN_HEAD:
		return step_head(http, data, size, used);
	case HTTP_IN_BODY:
		*used = http->left < size ? (size_t)http->left : size;
		http->left -= *used;
		if (!http->left)
			http->part = HTTP_IN_HEAD;
		return HTTP_BODY;
	case HTTP_IN_CHUNK:
		return step_chunk(http, data, size, used);
	case HTTP_IN_SIZE:
	case HTTP_IN_TRAILER:
		return step_line(http, data, size, used);
	}
	return HTTP_BAD;
}

static bool may_begin(const char *data, size_t size, const char *word)
{
	size_t length = strlen(word);

	return memcmp(data, word, size < length ? size : length) == 0;
}

bool http_looks_like(const char *data, size_t size)
{
	static const char *const methods[] = {"GET ",      "HEAD ",    "POST ",    "PUT ",
	                                      "DELETE ",   "OPTIONS ", "CONNECT ", "TRACE ",
	                                      "PROPFIND ", "PATCH "};

	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
		if (may_begin(data, size, methods[i]))
			return true;
	return false;
}

bool http_looks_like_two(const char *data, size_t size)
{
	return may_begin(data, size, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
}
