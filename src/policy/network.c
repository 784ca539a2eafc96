#include "policy/network.h"

#include "base/text.h"
#include "policy/peer.h"
#include "policy/rule.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static const char not_public[] = "an address that is not public opens only to a rule that names it";

bool network_address_is_four(const struct network_address *address)
{
	return IN6_IS_ADDR_V4MAPPED(&address->bytes);
}

void network_address_text(const struct network_address *address, uint16_t port,
                          char out[NETWORK_TARGET_SIZE])
{
	char host[INET6_ADDRSTRLEN] = "";
	bool four = network_address_is_four(address);

	if (four)
		inet_ntop(AF_INET, address->bytes.s6_addr + 12, host, sizeof(host));
	else
		inet_ntop(AF_INET6, &address->bytes, host, sizeof(host));
	if (!port)
		snprintf(out, NETWORK_TARGET_SIZE, "%s", host);
	else
		snprintf(out, NETWORK_TARGET_SIZE, four ? "%s:%u" : "[%s]:%u", host, port);
}

void network_address_normalize(struct network_address *address)
{
	struct in6_addr *bytes = &address->bytes;

	if (IN6_IS_ADDR_UNSPECIFIED(bytes))
		*bytes = (struct in6_addr)IN6ADDR_LOOPBACK_INIT;
	else if (IN6_IS_ADDR_V4MAPPED(bytes) && !bytes->s6_addr32[3])
		bytes->s6_addr32[3] = htonl(INADDR_LOOPBACK);
}

bool network_address_parse(const char *text, struct network_address *out)
{
	*out = (struct network_address){0};
	out->bytes.s6_addr[10] = 0xff;
	out->bytes.s6_addr[11] = 0xff;
	bool parsed = inet_pton(AF_INET, text, out->bytes.s6_addr + 12) == 1 ||
	              inet_pton(AF_INET6, text, &out->bytes) == 1;
	network_address_normalize(out);
	return parsed;
}

/* Somebody refuses it by name: nothing else opens it. */
static bool is_refused_by_name(const struct decision *decision)
{
	return decision->cause == CAUSE_DENY || decision->cause == CAUSE_FORBIDDEN;
}

static void decide_address(const struct policy *policy, const struct network_address *address,
                           uint16_t port, struct decision *out)
{
	char text[NETWORK_TARGET_SIZE];

	network_address_text(address, port, text);
	policy_decide(policy, EFFECT_CONNECT, text, out);
	if (out->cause == CAUSE_UNGRANTED && peer_is_special(text))
		out->because = not_public;
}

static void decide_name(const struct policy *policy, const char *name, unsigned port,
                        struct decision *out)
{
	char text[NETWORK_TARGET_SIZE];

	snprintf(text, sizeof(text), "%.*s:%u", NETWORK_NAME_MOST, name, port);
	policy_decide(policy, EFFECT_CONNECT, text, out);
}

bool network_address_is_public(const struct network_address *address)
{
	char text[NETWORK_TARGET_SIZE];

	network_address_text(address, 0, text);
	return !peer_is_special(text);
}

void network_decide(const struct policy *policy, const char *name,
                    const struct network_address *address, uint16_t port, struct decision *out)
{
	struct decision by_name;

	decide_address(policy, address, port, out);
	if (!name || is_refused_by_name(out))
		return;
	decide_name(policy, name, port, &by_name);
	if (is_refused_by_name(&by_name) ||
	    (by_name.verdict > out->verdict && network_address_is_public(address)) ||
	    (by_name.verdict == out->verdict && out->cause == CAUSE_UNGRANTED &&
	     network_address_is_public(address)))
		*out = by_name;
}

void network_decide_spoken(const struct policy *policy, const char *name,
                           const struct network_address *address, uint16_t port,
                           struct decision *out)
{
	struct decision by_name;

	decide_address(policy, address, port, out);
	decide_name(policy, name, port, &by_name);
	if (is_refused_by_name(&by_name))
		*out = by_name;
}

/* A rule that gives something, not one that limits or refuses. */
static bool is_giving(const struct rule *rule)
{
	return rule->effect == EFFECT_CONNECT &&
	       (rule->layer == RULE_GRANT || rule->layer == RULE_TOOLS);
}

static bool is_web(unsigned port)
{
	return port == 80 || port == 443;
}

/* Where a name is refused, an address that serves it must not stand for it. */
static bool refuses_names(const struct policy *policy)
{
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct rule *rule = &policy->rules[i];
		if (rule->effect == EFFECT_CONNECT && rule->kind == TARGET_NAME &&
		    (rule->layer == RULE_DENY || rule->layer == RULE_FORBIDDEN) &&
		    !peer_is_address(rule->name))
			return true;
	}
	return false;
}

/* What a rule says that gives something is only what it comes to: tools give what the mode says. */
static bool gives(const struct policy *policy, const struct rule *rule, enum verdict least)
{
	return is_giving(rule) && rule->kind == TARGET_NAME &&
	       (rule->layer == RULE_GRANT || policy->mode_cells[EFFECT_CONNECT] >= least);
}

bool network_must_name(const struct policy *policy, const char *name,
                       const struct network_address *address, uint16_t port, enum verdict least)
{
	char by_address[NETWORK_TARGET_SIZE];
	char by_name[NETWORK_TARGET_SIZE];
	struct decision address_decision;
	struct decision name_decision = {0};
	unsigned low;
	unsigned high;

	decide_address(policy, address, port, &address_decision);
	if (address_decision.verdict == VERDICT_ALLOW && !refuses_names(policy))
		return false;
	network_address_text(address, port, by_address);
	snprintf(by_name, sizeof(by_name), "%.*s:%u", NETWORK_NAME_MOST, name ? name : "", port);
	if (name)
		network_decide(policy, name, address, port, &name_decision);
	/* A rule that a ceiling takes away, or a mode, says nothing. */
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct rule *rule = &policy->rules[i];
		if (!gives(policy, rule, least))
			continue;
		bool by_port = !is_web(port) && peer_ports(rule->name, &low, &high);
		if (address_decision.verdict >= least &&
		    rule_covers(rule, EFFECT_CONNECT, by_address) &&
		    (by_port || peer_is_address(rule->name)))
			return false;
		if (name && by_port && name_decision.verdict >= least &&
		    rule_covers(rule, EFFECT_CONNECT, by_name))
			return false;
	}
	return true;
}

bool network_names_address(const struct policy *policy, const struct network_address *address,
                           uint16_t port)
{
	char text[NETWORK_TARGET_SIZE];
	struct decision decision;

	network_address_text(address, port, text);
	policy_decide(policy, EFFECT_CONNECT, text, &decision);
	for (size_t i = 0; i < policy->rule_count && decision.verdict == VERDICT_ALLOW; i++) {
		const struct rule *rule = &policy->rules[i];
		if (rule->layer == RULE_GRANT && rule->kind == TARGET_NAME &&
		    rule_covers(rule, EFFECT_CONNECT, text) && peer_is_address(rule->name))
			return true;
	}
	return false;
}

bool network_opens_address(const struct policy *policy, const struct network_address *address)
{
	char text[NETWORK_TARGET_SIZE];

	network_address_text(address, 0, text);
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct rule *rule = &policy->rules[i];
		if (rule->effect == EFFECT_CONNECT && rule->layer == RULE_GRANT &&
		    rule->kind == TARGET_NAME && peer_is_address(rule->name) &&
		    peer_touches(rule->name, text))
			return true;
	}
	return false;
}

/* The verdict can change only where a rule's ports begin, and behind their end. */
static void consider_port(const struct policy *policy, const char *name, unsigned port,
                          struct decision *best)
{
	struct decision decision;

	if (port < 1 || port > UINT16_MAX)
		return;
	decide_name(policy, name, port, &decision);
	if (decision.verdict > best->verdict || !best->because)
		*best = decision;
}

void network_decide_name(const struct policy *policy, const char *name, struct decision *out)
{
	*out = (struct decision){0};
	consider_port(policy, name, 443, out);
	consider_port(policy, name, 80, out);
	consider_port(policy, name, 1, out);
	for (size_t i = 0; i < policy->rule_count && out->verdict != VERDICT_ALLOW; i++) {
		const struct rule *rule = &policy->rules[i];
		unsigned low;
		unsigned high;
		if (rule->effect != EFFECT_CONNECT || rule->kind != TARGET_NAME ||
		    !peer_ports(rule->name, &low, &high))
			continue;
		consider_port(policy, name, low, out);
		consider_port(policy, name, high + 1, out);
	}
}

bool network_name_is_exact(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct rule *rule = &policy->rules[i];
		if (is_giving(rule) && rule->kind == TARGET_NAME && rule->name[0] != '*' &&
		    (peer_touches(rule->name, name) && !peer_is_address(rule->name)))
			return true;
	}
	return false;
}

/* A deny of a part (one port, one name) leaves the rest. */
static bool is_wholly_denied(const struct policy *policy, const char *peer)
{
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct rule *rule = &policy->rules[i];
		if ((rule->layer == RULE_DENY || rule->layer == RULE_FORBIDDEN) &&
		    rule_covers(rule, EFFECT_CONNECT, peer))
			return true;
	}
	return false;
}

/* What two rules have in common is a host of one of them, at a port where one of them begins. */
static bool permits_some_port(const struct policy *policy, const struct rule *rule,
                              enum verdict least, struct decision *decision)
{
	char host[NETWORK_TARGET_SIZE];
	struct decision some;

	if (!peer_host(rule->name, host, sizeof(host)))
		return false;
	network_decide_name(policy, host, &some);
	if (some.verdict < least)
		return false;
	*decision = some;
	return true;
}

bool network_permits(const struct policy *policy, enum verdict least, struct decision *decision,
                     const char **peer)
{
	*peer = "*";
	policy_decide(policy, EFFECT_CONNECT, *peer, decision);
	if (decision->verdict >= least)
		return true;
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct rule *rule = &policy->rules[i];
		if (rule->effect != EFFECT_CONNECT || rule->kind != TARGET_NAME ||
		    !(is_giving(rule) || rule->layer == RULE_CEILING))
			continue;
		policy_decide(policy, EFFECT_CONNECT, rule->name, decision);
		*peer = rule->name;
		if (decision->verdict >= least ||
		    permits_some_port(policy, rule, least, decision) ||
		    (decision->cause == CAUSE_DENY && !is_wholly_denied(policy, rule->name) &&
		     (rule->layer == RULE_GRANT || policy->mode_cells[EFFECT_CONNECT] >= least)))
			return true;
	}
	return false;
}
