#include "network/dns.h"

#include <string.h>

enum {
	HEADER = 12,
	LABEL_MOST = 63,
	CLASS_IN = 1,
	POINTER_TO_QUESTION = 0xc000 | HEADER,
	FLAG_ANSWER = 0x8000,
	FLAGS_NO_PLAIN_QUESTION = 0xf800 | 0x0200, /* an answer, another operation, cut off */
	FLAG_RECURSION_DESIRED = 0x0100,
	FLAG_RECURSION_AVAILABLE = 0x0080,
};

static uint16_t get(const unsigned char *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static unsigned char *put(unsigned char *at, unsigned value)
{
	at[0] = (unsigned char)(value >> 8);
	at[1] = (unsigned char)value;
	return at + 2;
}

static char fold(unsigned char c)
{
	bool upper = c >= 'A' && c <= 'Z';
	bool usual =
	        upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';

	if (!usual)
		return '?';
	return (char)(upper ? c - 'A' + 'a' : c);
}

/* Reads labels up to the root's. Returns the bytes that they take; 0 where they are none. */
static size_t read_name(const unsigned char *at, size_t size, char name[NETWORK_NAME_MOST + 1])
{
	size_t length = 0;
	size_t i = 0;

	while (i < size && at[i]) {
		size_t label = at[i];
		if (label > LABEL_MOST || i + 1 + label >= size ||
		    length + label + 1 > NETWORK_NAME_MOST)
			return 0;
		if (length)
			name[length++] = '.';
		for (size_t k = 1; k <= label; k++)
			name[length++] = fold(at[i + k]);
		i += 1 + label;
	}
	name[length] = '\0';
	return i < size ? i + 1 : 0;
}

/* A name whose last part is a number is read as an address by programs. */
bool dns_is_host_name(const char *name)
{
	const char *last = strrchr(name, '.');
	size_t size = strlen(name);

	last = last ? last + 1 : name;
	if (!size || size > NETWORK_NAME_MOST || *last == '\0' || name[0] == '.' ||
	    strstr(name, "..") || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != size)
		return false;
	return strspn(last, "0123456789") != strlen(last);
}

bool dns_parse(const unsigned char *message, size_t size, struct dns_query *out)
{
	*out = (struct dns_query){0};
	if (size < HEADER || (get(message + 2) & FLAGS_NO_PLAIN_QUESTION) ||
	    get(message + 4) != 1 || get(message + 6) != 0)
		return false;
	const unsigned char *question = message + HEADER;
	size_t left = size - HEADER;
	size_t name = read_name(question, left, out->name);
	if (!name || left - name < 4 || name + 4 > sizeof(out->question))
		return false;
	out->id = get(message);
	out->recursion = get(message + 2) & FLAG_RECURSION_DESIRED;
	out->type = get(question + name);
	out->internet = get(question + name + 2) == CLASS_IN;
	out->plain = dns_is_host_name(out->name);
	out->question_size = name + 4;
	memcpy(out->question, question, out->question_size);
	return true;
}

static bool is_asked_for(const struct dns_query *query, const struct network_address *address)
{
	return query->type == (network_address_is_four(address) ? DNS_TYPE_A : DNS_TYPE_AAAA);
}

static unsigned char *put_address(unsigned char *at, const struct dns_query *query,
                                  const struct network_address *address, uint32_t seconds)
{
	size_t size = query->type == DNS_TYPE_A ? 4 : 16;

	at = put(at, POINTER_TO_QUESTION);
	at = put(at, query->type);
	at = put(at, CLASS_IN);
	at = put(at, seconds >> 16);
	at = put(at, seconds);
	at = put(at, (unsigned)size);
	memcpy(at, address->bytes.s6_addr + 16 - size, size);
	return at + size;
}

size_t dns_answer(const struct dns_query *query, unsigned code,
                  const struct network_address *addresses, size_t count, uint32_t seconds,
                  unsigned char out[DNS_DATAGRAM])
{
	unsigned char *at = out + HEADER + query->question_size;
	unsigned answers = 0;
	/* A record of the newer kind takes 28 bytes. */
	size_t room = (DNS_DATAGRAM - HEADER - query->question_size) / 28;

	memcpy(out + HEADER, query->question, query->question_size);
	for (size_t i = 0; i < count && answers < room && answers < DNS_ADDRESSES; i++) {
		if (!is_asked_for(query, &addresses[i]))
			continue;
		at = put_address(at, query, &addresses[i], seconds);
		answers++;
	}
	put(out, query->id);
	put(out + 2, FLAG_ANSWER | FLAG_RECURSION_AVAILABLE |
	                     (query->recursion ? FLAG_RECURSION_DESIRED : 0) | code);
	put(out + 4, 1);
	put(out + 6, answers);
	put(out + 8, 0);
	put(out + 10, 0);
	return (size_t)(at - out);
}
