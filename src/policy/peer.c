#include "policy/peer.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
	PORT_HIGHEST = 65535,
	ADDRESS_SIZE = 16,
};

/* A peer taken apart; the texts point into the whole. */
struct peer {
	const char *host; /* without brackets and trailing dot */
	size_t host_size;
	bool any_port;
	long port_low;
	long port_high;
};

/* An address, or a range of them: the first `bits` of `bytes` count. */
struct range {
	int family;
	unsigned bits;
	unsigned char bytes[ADDRESS_SIZE];
};

static bool parse_number(const char *text, size_t size, long highest, long *out)
{
	if (size == 0 || size > 5)
		return false;
	*out = 0;
	for (size_t i = 0; i < size; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		*out = *out * 10 + (text[i] - '0');
	}
	return *out <= highest;
}

static bool parse_ports(const char *text, struct peer *out)
{
	const char *dash = strchr(text, '-');
	size_t low_size = dash ? (size_t)(dash - text) : strlen(text);

	if (strcmp(text, "*") == 0)
		return true;
	out->any_port = false;
	if (!parse_number(text, low_size, PORT_HIGHEST, &out->port_low))
		return false;
	out->port_high = out->port_low;
	if (dash && !parse_number(dash + 1, strlen(dash + 1), PORT_HIGHEST, &out->port_high))
		return false;
	return out->port_low <= out->port_high;
}

static bool take_apart(const char *text, struct peer *out)
{
	const char *colon = strchr(text, ':');

	*out = (struct peer){.host = text, .host_size = strlen(text), .any_port = true};
	if (text[0] == '[') {
		const char *close = strchr(text, ']');
		if (!close || (close[1] != '\0' && close[1] != ':'))
			return false;
		out->host = text + 1;
		out->host_size = (size_t)(close - text) - 1;
		return close[1] == '\0' || parse_ports(close + 2, out);
	}
	/* More than one colon without brackets is an IPv6 address without a port. */
	if (colon && !strchr(colon + 1, ':')) {
		out->host_size = (size_t)(colon - text);
		if (!parse_ports(colon + 1, out))
			return false;
	}
	if (out->host_size > 1 && out->host[out->host_size - 1] == '.')
		out->host_size--;
	return out->host_size > 0;
}

static bool range_covers(const struct range *range, const struct range *other)
{
	unsigned whole = range->bits / 8;
	unsigned rest = range->bits % 8;

	if (range->family != other->family || range->bits > other->bits ||
	    memcmp(range->bytes, other->bytes, whole) != 0)
		return false;
	return rest == 0 || (range->bytes[whole] ^ other->bytes[whole]) >> (8 - rest) == 0;
}

/* The last four bytes of an address below a prefix of 96 bits. */
static bool take_last(const struct range *range, const unsigned char prefix[12], struct range *out)
{
	if (range->family != AF_INET6 || range->bits < 96 || memcmp(range->bytes, prefix, 12) != 0)
		return false;
	struct range last = {.family = AF_INET, .bits = range->bits - 96};
	memcpy(last.bytes, range->bytes + 12, 4);
	*out = last;
	return true;
}

/* One spelling of each: what is written into the newer kind (::ffff:0:0/96) is of the older one,
 * and what connect(2) takes for this machine is its address. */
static void normalize(struct range *range)
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
	static const unsigned char none[ADDRESS_SIZE] = {0};
	size_t size;

	take_last(range, mapped, range);
	size = range->family == AF_INET6 ? 16 : 4;
	if (range->bits != size * 8 || memcmp(range->bytes, none, size) != 0)
		return;
	if (range->family == AF_INET)
		range->bytes[0] = 127;
	range->bytes[size - 1] = 1;
}

static bool parse_range(const char *host, size_t size, struct range *out)
{
	char address[INET6_ADDRSTRLEN + 1];
	const char *slash = memchr(host, '/', size);
	size_t length = slash ? (size_t)(slash - host) : size;
	long bits;

	if (length >= sizeof(address))
		return false;
	memcpy(address, host, length);
	address[length] = '\0';
	*out = (struct range){.family = strchr(address, ':') ? AF_INET6 : AF_INET};
	if (inet_pton(out->family, address, out->bytes) != 1)
		return false;
	out->bits = out->family == AF_INET6 ? 128 : 32;
	if (slash) {
		if (!parse_number(slash + 1, size - length - 1, (long)out->bits, &bits))
			return false;
		out->bits = (unsigned)bits;
	}
	normalize(out);
	return true;
}

/* The address of the older kind behind a translator (64:ff9b::/96, RFC 6052). */
static bool take_embedded(const struct range *range, struct range *out)
{
	static const unsigned char prefix[12] = {0x00, 0x64, 0xff, 0x9b};

	return take_last(range, prefix, out);
}

/* A range of the older kind covers also what stands for one of its addresses. */
static bool address_covers(const struct range *range, const struct range *other)
{
	struct range embedded;

	return range_covers(range, other) ||
	       (range->family == AF_INET && other->family == AF_INET6 &&
	        take_embedded(other, &embedded) && range_covers(range, &embedded));
}

static bool host_covers(const struct peer *pattern, const struct peer *target)
{
	struct range range;
	struct range other;

	if (pattern->host_size == 1 && pattern->host[0] == '*')
		return true;
	if (parse_range(pattern->host, pattern->host_size, &range))
		return parse_range(target->host, target->host_size, &other) &&
		       address_covers(&range, &other);
	if (pattern->host_size > 2 && pattern->host[0] == '*') {
		/* `*.domain`: the target ends in `.domain` and has something before it. */
		size_t suffix = pattern->host_size - 1;
		return target->host_size > suffix &&
		       strncasecmp(target->host + target->host_size - suffix, pattern->host + 1,
		                   suffix) == 0;
	}
	return pattern->host_size == target->host_size &&
	       strncasecmp(pattern->host, target->host, pattern->host_size) == 0;
}

bool peer_covers(const char *pattern_text, const char *target_text)
{
	struct peer pattern;
	struct peer target;

	if (!take_apart(pattern_text, &pattern) || !take_apart(target_text, &target) ||
	    !host_covers(&pattern, &target))
		return false;
	return pattern.any_port || (!target.any_port && pattern.port_low <= target.port_low &&
	                            target.port_high <= pattern.port_high);
}

bool peer_touches(const char *pattern_text, const char *target_text)
{
	struct peer pattern;
	struct peer target;

	if (!take_apart(pattern_text, &pattern) || !take_apart(target_text, &target) ||
	    !host_covers(&pattern, &target))
		return false;
	return pattern.any_port || target.any_port ||
	       (pattern.port_low <= target.port_high && target.port_low <= pattern.port_high);
}

bool peer_is_address(const char *text)
{
	struct peer peer;
	struct range range;

	return take_apart(text, &peer) && parse_range(peer.host, peer.host_size, &range);
}

/* IANA's registries of special-purpose addresses (RFC 6890), where they are not globally reachable;
 * 168.63.129.16 is a metadata service in public space. */
static const char *const special_four[] = {
        "0.0.0.0/8",       "10.0.0.0/8",     "100.64.0.0/10",  "127.0.0.0/8",
        "168.63.129.16",   "169.254.0.0/16", "172.16.0.0/12",  "192.0.0.0/24",
        "192.0.2.0/24",    "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",    "240.0.0.0/4",
};

/* Public is 2000::/3 without these: protocols of their own (Teredo among them), documents,
 * addresses that bear one of the older kind (6to4). */
static const char *const special_six[] = {
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
};

static bool overlaps(const struct range *range, const char *other_text)
{
	struct range other;

	return parse_range(other_text, strlen(other_text), &other) &&
	       (range_covers(&other, range) || range_covers(range, &other));
}

static bool overlaps_any(const struct range *range, const char *const *others, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (overlaps(range, others[i]))
			return true;
	return false;
}

static bool is_special(const struct range *range)
{
	struct range global;
	struct range embedded;

	if (range->family == AF_INET)
		return overlaps_any(range, special_four,
		                    sizeof(special_four) / sizeof(*special_four));
	if (take_embedded(range, &embedded))
		return is_special(&embedded);
	return !parse_range("2000::/3", strlen("2000::/3"), &global) ||
	       !range_covers(&global, range) ||
	       overlaps_any(range, special_six, sizeof(special_six) / sizeof(*special_six));
}

bool peer_is_special(const char *text)
{
	struct peer peer;
	struct range range;

	return take_apart(text, &peer) && parse_range(peer.host, peer.host_size, &range) &&
	       is_special(&range);
}

bool peer_ports(const char *text, unsigned *low, unsigned *high)
{
	struct peer peer;

	if (!take_apart(text, &peer) || peer.any_port)
		return false;
	*low = (unsigned)peer.port_low;
	*high = (unsigned)peer.port_high;
	return true;
}

bool peer_host(const char *text, char *out, size_t size)
{
	struct peer peer;

	if (!take_apart(text, &peer))
		return false;
	bool brackets = memchr(peer.host, ':', peer.host_size);
	int length = snprintf(out, size, "%s%.*s%s", brackets ? "[" : "", (int)peer.host_size,
	                      peer.host, brackets ? "]" : "");
	return length > 0 && (size_t)length < size;
}

bool peer_is_web(const char *text)
{
	unsigned low;
	unsigned high;

	return !peer_ports(text, &low, &high) || (low == high && (low == 80 || low == 443));
}

/* A host name: letters, digits, `-` and `_` between dots, `*.` only in front. */
static int check_name(const char *host, size_t size, struct error *err)
{
	size_t start = size > 2 && host[0] == '*' && host[1] == '.' ? 2 : 0;

	if (size - start > 253)
		return error_set(err, "a host name has at most 253 characters");
	for (size_t i = start; i < size; i++) {
		char c = host[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		bool digit = c >= '0' && c <= '9';
		if (c == '.' && (i == start || host[i - 1] == '.'))
			return error_set(err, "a host name has no empty part between dots");
		if (c == '*')
			return error_set(err, "`*` may only stand alone or in front, as in "
			                      "`*.example.com`");
		if (!letter && !digit && c != '-' && c != '_' && c != '.')
			return error_set(err, "not a host name, an address or a range of "
			                      "addresses (write no scheme, path or user; names "
			                      "beyond ASCII as xn--...)");
	}
	return 0;
}

/* Whether bits are set that do not count. */
static bool has_bits_behind(const struct range *range)
{
	for (unsigned bit = range->bits; bit < (range->family == AF_INET6 ? 128 : 32); bit++)
		if (range->bytes[bit / 8] & (0x80 >> bit % 8))
			return true;
	return false;
}

int peer_check(const char *text, struct error *err)
{
	struct peer peer;
	struct range range;

	if (!*text)
		return error_set(err, "an empty peer");
	if (strstr(text, "://"))
		return error_set(err, "write the host without a scheme, as in `example.com:443`");
	if (!take_apart(text, &peer) || peer.host_size == 0)
		return error_set(err, "not understood; write `host`, `host:port`, `host:low-high` "
		                      "or `[address]:port`, with ports up to 65535");
	if (!peer.any_port && peer.port_low == 0)
		return error_set(err, "ports begin at 1");
	if (parse_range(peer.host, peer.host_size, &range))
		return has_bits_behind(&range)
		               ? error_set(err,
		                           "an address of which not all is in the range: write "
		                           "the range's first address, or no `/`")
		               : 0;
	if (strncmp(text, "*.", 2) == 0 && peer.host_size == 1)
		return error_set(err, "`*.` wants a domain behind it; `*` alone means every host");
	if (peer.host_size == 1 && peer.host[0] == '*')
		return 0;
	if (memchr(peer.host, ':', peer.host_size) || text[0] == '[')
		return error_set(err, "not an IPv6 address");
	/* A name whose last part is a number is read as an address by resolvers. */
	size_t last = peer.host_size;
	while (last > 0 && peer.host[last - 1] >= '0' && peer.host[last - 1] <= '9')
		last--;
	if (last < peer.host_size && (last == 0 || peer.host[last - 1] == '.'))
		return error_set(err, "not an IPv4 address");
	return check_name(peer.host, peer.host_size, err);
}
