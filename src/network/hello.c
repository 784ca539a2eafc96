#include "network/hello.h"

#include "network/dns.h"

#include <stdlib.h>
#include <string.h>

enum {
	RECORD_HEADER = 5,
	RECORD_MOST = 16384,
	RECORD_HANDSHAKE = 22,
	HANDSHAKE_HEADER = 4,
	HANDSHAKE_CLIENT_HELLO = 1,
	HANDSHAKE_SERVER_HELLO = 2,
	RANDOM_SIZE = 32,
	EXTENSION_SERVER_NAME = 0,
	EXTENSION_ENCRYPTED_HELLO = 0xfe0d,
	NAME_HOST = 0,
};

/* What is left to read; `bad` is sticky. */
struct reader {
	const unsigned char *at;
	size_t left;
	bool bad;
};

static const unsigned char *take(struct reader *reader, size_t size)
{
	const unsigned char *at = reader->at;

	if (reader->bad || size > reader->left) {
		reader->bad = true;
		return NULL;
	}
	reader->at += size;
	reader->left -= size;
	return at;
}

/* A number of `size` bytes. */
static size_t take_number(struct reader *reader, size_t size)
{
	const unsigned char *at = take(reader, size);
	size_t number = 0;

	for (size_t i = 0; at && i < size; i++)
		number = number << 8 | at[i];
	return number;
}

/* Bytes behind their length, which has `size` bytes. */
static struct reader take_vector(struct reader *reader, size_t size)
{
	size_t length = take_number(reader, size);
	const unsigned char *at = take(reader, length);

	return (struct reader){.at = at, .left = at ? length : 0, .bad = !at};
}

/* Exactly one name of the one kind that there is. */
static enum hello read_server_name(struct reader extension, char name[NETWORK_NAME_MOST + 1])
{
	struct reader list = take_vector(&extension, 2);
	size_t kind = take_number(&list, 1);
	struct reader host = take_vector(&list, 2);

	if (list.bad || host.bad || list.left || extension.left || kind != NAME_HOST ||
	    host.left == 0 || host.left > NETWORK_NAME_MOST || memchr(host.at, '\0', host.left))
		return HELLO_BAD;
	for (size_t i = 0; i < host.left; i++) {
		unsigned char c = host.at[i];
		name[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
	}
	name[host.left] = '\0';
	if (name[host.left - 1] == '.')
		name[host.left - 1] = '\0';
	struct network_address address;
	return dns_is_host_name(name) || network_address_parse(name, &address) ? HELLO_NAME
	                                                                       : HELLO_BAD;
}

static enum hello read_extensions(struct reader extensions, char name[NETWORK_NAME_MOST + 1])
{
	enum hello result = HELLO_NONE;
	bool hidden = false;

	while (extensions.left && !extensions.bad) {
		size_t kind = take_number(&extensions, 2);
		struct reader extension = take_vector(&extensions, 2);
		if (extension.bad)
			return HELLO_BAD;
		hidden |= kind == EXTENSION_ENCRYPTED_HELLO;
		if (kind != EXTENSION_SERVER_NAME)
			continue;
		if (result != HELLO_NONE)
			return HELLO_BAD; /* two: the server may take the other */
		result = read_server_name(extension, name);
		if (result != HELLO_NAME)
			return result;
	}
	if (extensions.bad)
		return HELLO_BAD;
	return hidden ? HELLO_HIDDEN : result;
}

static enum hello read_message(struct reader message, char name[NETWORK_NAME_MOST + 1])
{
	take(&message, 2 + 32);   /* version, random bytes */
	take_vector(&message, 1); /* session */
	take_vector(&message, 2); /* ciphers */
	take_vector(&message, 1); /* compressions */
	if (message.bad)
		return HELLO_BAD;
	if (!message.left)
		return HELLO_NONE;
	struct reader extensions = take_vector(&message, 2);
	return extensions.bad || message.left ? HELLO_BAD : read_extensions(extensions, name);
}

/* Appends what the records hold to `message`, until it is whole. Returns its bytes; 0 where more
 * must come; -1 where there are others than of a handshake, or the last one holds more than the
 * message: a second one would not be judged. */
static long join_records(struct reader *records, unsigned char *message)
{
	size_t have = 0;
	size_t need = HANDSHAKE_HEADER;

	while (have < need) {
		if (records->left < RECORD_HEADER)
			return 0;
		size_t kind = take_number(records, 1);
		size_t version = take_number(records, 2);
		size_t length = take_number(records, 2);
		if (kind != RECORD_HANDSHAKE || version >> 8 != 3 || length == 0 ||
		    length > RECORD_MOST)
			return -1;
		size_t part = length < records->left ? length : records->left;
		if (have + part > HELLO_MOST)
			return -1;
		memcpy(message + have, records->at, part);
		have += part;
		if (have >= HANDSHAKE_HEADER) {
			if (message[0] != HANDSHAKE_CLIENT_HELLO)
				return -1;
			need = HANDSHAKE_HEADER +
			       ((size_t)message[1] << 16 | (size_t)message[2] << 8 | message[3]);
			if (need > HELLO_MOST || have + (length - part) > need)
				return -1;
		}
		if (part < length)
			return 0;
		take(records, part);
	}
	return (long)need;
}

enum hello hello_read(const unsigned char *data, size_t size, size_t *used,
                      char name[NETWORK_NAME_MOST + 1])
{
	struct reader records = {.at = data, .left = size};
	unsigned char *message = malloc(HELLO_MOST);

	*name = '\0';
	if (!message)
		return HELLO_BAD;
	long length = join_records(&records, message);
	*used = size - records.left;
	enum hello result = length < 0 ? HELLO_BAD : HELLO_MORE;
	if (length > 0)
		result = read_message((struct reader){.at = message + HANDSHAKE_HEADER,
		                                      .left = (size_t)length - HANDSHAKE_HEADER},
		                      name);
	free(message);
	return result;
}

bool hello_is_retry(const unsigned char *data, size_t size)
{
	/* The SHA-256 of "HelloRetryRequest", in place of random bytes. */
	static const unsigned char retry[RANDOM_SIZE] = {
	        0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
	        0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
	        0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
	};

	return size >= HELLO_ANSWER && hello_may_answer(data, size) &&
	       memcmp(data + HELLO_ANSWER - RANDOM_SIZE, retry, RANDOM_SIZE) == 0;
}

bool hello_may_answer(const unsigned char *data, size_t size)
{
	return (size < 1 || data[0] == RECORD_HANDSHAKE) &&
	       (size <= RECORD_HEADER || data[RECORD_HEADER] == HANDSHAKE_SERVER_HELLO);
}
