#include "network/permit.h"

#include "network/address.h"
#include "network/loop.h"
#include "network/names.h"
#include "policy/network.h"

#include <string.h>

void permit_decide(struct relay *relay, const struct network_address *address, uint16_t port,
                   struct decision *decision, const char **name)
{
	uint64_t now = loop_seconds();
	size_t place = 0;

	*name = NULL;
	network_decide(relay->policy, NULL, address, port, decision);
	for (const char *known = names_next(relay->names, address, now, &place); known;
	     known = names_next(relay->names, address, now, &place)) {
		struct decision by_name;
		network_decide(relay->policy, known, address, port, &by_name);
		/* Of equals the one with a name says more. */
		if (by_name.verdict > decision->verdict ||
		    (by_name.verdict == decision->verdict && !*name)) {
			*decision = by_name;
			*name = known;
		}
	}
}

bool permit_needs_name(struct relay *relay, const struct network_address *address, uint16_t port,
                       const char *approved)
{
	uint64_t now = loop_seconds();
	size_t place = 0;

	if (approved)
		return network_must_name(relay->policy, approved, address, port, VERDICT_ASK);
	if (!network_must_name(relay->policy, NULL, address, port, VERDICT_ALLOW))
		return false;
	for (const char *known = names_next(relay->names, address, now, &place); known;
	     known = names_next(relay->names, address, now, &place))
		if (!network_must_name(relay->policy, known, address, port, VERDICT_ALLOW))
			return false;
	return true;
}

bool permit_was_given(const struct relay *relay, const struct network_message *message)
{
	const char *name = *message->name ? message->name : NULL;
	struct decision decision;

	if (!message->approved ||
	    (name && !names_has(relay->names, name, &message->address, loop_seconds())))
		return false;
	network_decide(relay->policy, name, &message->address, message->port, &decision);
	return decision.verdict == VERDICT_ASK;
}

/* What asks was answered when the connection was asked for. Who was shown a name permits that one
 * and not what else its address serves; `name` is NULL for the address. */
static bool permits(const struct connection *connection, const char *name,
                    const struct decision *decision)
{
	if (decision->verdict == VERDICT_ALLOW)
		return true;
	return decision->verdict == VERDICT_ASK && connection->approved &&
	       (!*connection->asked || (name && strcmp(name, connection->asked) == 0));
}

bool permit_name(struct connection *connection, const char *name, uint16_t port)
{
	struct relay *relay = connection->relay;
	struct network_address spoken;
	struct decision decision;

	if (network_address_parse(name, &spoken)) {
		/* By its address. Another's would be another peer's. */
		if (memcmp(&spoken, &connection->address, sizeof(spoken)) != 0) {
			relay_refuse_port(connection, NETWORK_OTHER_NAME, name, port);
			return false;
		}
		/* A port that is asked of a proxy is one more peer. */
		if (connection->must_name || port != connection->port) {
			network_decide(relay->policy, NULL, &connection->address, port, &decision);
			if (!permits(connection, NULL, &decision)) {
				relay_refuse_port(connection, NETWORK_NO_NAME, name, port);
				return false;
			}
		}
		return true;
	}
	network_decide_spoken(relay->policy, name, &connection->address, port, &decision);
	if (permits(connection, name, &decision))
		return true;
	if (!names_has(relay->names, name, &connection->address, loop_seconds())) {
		struct decision by_name;
		network_decide(relay->policy, name, &connection->address, port, &by_name);
		relay_refuse_port(connection,
		                  permits(connection, name, &by_name) ? NETWORK_OTHER_NAME
		                                                      : NETWORK_BY_RULE,
		                  name, port);
		return false;
	}
	network_decide(relay->policy, name, &connection->address, port, &decision);
	if (permits(connection, name, &decision))
		return true;
	relay_refuse_port(connection, NETWORK_BY_RULE, name, port);
	return false;
}
