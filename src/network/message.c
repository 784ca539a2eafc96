#include "network/message.h"

#include "base/message.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

int network_send(int socket, const struct network_message *message, int descriptor,
                 struct error *err)
{
	return message_put(socket, message, sizeof(*message), descriptor) == 0
	               ? 0
	               : error_system(err, errno, "telling another process of the run");
}

int network_receive(int socket, struct network_message *out, int *descriptor, bool wait,
                    struct error *err)
{
	ssize_t size = message_take(socket, out, sizeof(*out), descriptor, wait ? 0 : MSG_DONTWAIT);

	if (size < 0 && !wait && errno == EAGAIN)
		return 2;
	if (size == 0 || (size < 0 && errno == ECONNRESET))
		return 0;
	if (size < 0)
		return error_system(err, errno, "hearing another process of the run");
	out->name[sizeof(out->name) - 1] = '\0';
	out->text[sizeof(out->text) - 1] = '\0';
	if (size == (ssize_t)sizeof(*out))
		return 1;
	if (*descriptor >= 0)
		close(*descriptor);
	*descriptor = -1;
	return error_set(err, "another process of the run sent what is no message");
}
