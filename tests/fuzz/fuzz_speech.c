/* Whatever bytes a client or an asker sends: no crash; what is read of a beginning agrees with what
 * is read of the whole; names are host names or addresses; answers fit. */
#include "network/dns.h"
#include "network/hello.h"
#include "network/http.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static void expect_name(const char *name)
{
	struct network_address address;

	expect(dns_is_host_name(name) || network_address_parse(name, &address));
}

static void read_hello(const uint8_t *data, size_t size)
{
	char name[NETWORK_NAME_MOST + 1];
	char again[NETWORK_NAME_MOST + 1];
	size_t used;
	enum hello whole = hello_read(data, size, &used, name);

	if (whole == HELLO_NAME)
		expect_name(name);
	expect(used <= size && (whole != HELLO_NAME || used > 0));
	if (hello_is_retry(data, size))
		expect(hello_may_answer(data, size) && hello_may_answer(data, size / 2));
	/* What a part says stays true. */
	enum hello part = hello_read(data, size / 2, &used, again);
	expect(part == HELLO_MORE || part == whole);
	if (part == HELLO_NAME)
		expect(strcmp(name, again) == 0);
}

static void read_http(const uint8_t *data, size_t size)
{
	struct http http = {0};
	size_t at = 0;

	while (at < size) {
		size_t used;
		enum http_step step = http_read(&http, (const char *)data + at, size - at, &used);
		if (step == HTTP_MORE || step == HTTP_BAD)
			break;
		expect(used > 0 && used <= size - at);
		if (step == HTTP_HEAD) {
			if (*http.name)
				expect_name(http.name);
			expect(http.upgrade < used);
		}
		at += used;
	}
}

static void read_question(const uint8_t *data, size_t size)
{
	static const struct network_address addresses[40];
	struct dns_query query;
	unsigned char answer[DNS_DATAGRAM];

	if (!dns_parse(data, size, &query))
		return;
	expect(strlen(query.name) <= NETWORK_NAME_MOST);
	if (query.plain)
		expect(dns_is_host_name(query.name));
	expect(dns_answer(&query, DNS_NO_ERROR, addresses, 40, 60, answer) <= sizeof(answer));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	static void (*const readers[])(const uint8_t *, size_t) = {read_hello, read_http,
	                                                           read_question};
	readers[data[0] % 3](data + 1, size - 1);
	return 0;
}
