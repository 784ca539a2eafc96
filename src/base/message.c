#include "base/message.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* Room for one descriptor, aligned as the kernel wants it. */
union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int))];
};

int message_pair(int ends[2], struct error *err)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return error_system(err, errno, "a pair of sockets");
	return 0;
}

int message_put(int socket, const void *data, size_t size, int descriptor)
{
	/* The kernel only reads it. */
	struct iovec part = {.iov_base = (void *)(uintptr_t)data, .iov_len = size};
	union control control = {0};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	ssize_t sent;

	if (descriptor >= 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		struct cmsghdr *header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(descriptor));
		memcpy(CMSG_DATA(header), &descriptor, sizeof(descriptor));
	}
	do {
		sent = sendmsg(socket, &message, MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	return sent == (ssize_t)size ? 0 : -1;
}

static int received_descriptor(struct msghdr *message)
{
	const struct cmsghdr *header = CMSG_FIRSTHDR(message);
	int descriptor = -1;

	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
	    header->cmsg_len == CMSG_LEN(sizeof(descriptor)))
		memcpy(&descriptor, CMSG_DATA(header), sizeof(descriptor));
	return descriptor;
}

ssize_t message_take(int socket, void *data, size_t size, int *descriptor, int flags)
{
	struct iovec part = {.iov_base = data, .iov_len = size};
	union control control = {0};
	struct msghdr message = {
	        .msg_iov = &part,
	        .msg_iovlen = 1,
	        .msg_control = control.bytes,
	        .msg_controllen = sizeof(control.bytes),
	};
	ssize_t got;

	*descriptor = -1;
	do {
		got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | flags);
	} while (got < 0 && errno == EINTR);
	if (got >= 0)
		*descriptor = received_descriptor(&message);
	return got;
}

int message_send(int socket, char what, int descriptor, struct error *err)
{
	return message_put(socket, &what, 1, descriptor) == 0
	               ? 0
	               : error_system(err, errno, "sending to another process of the run");
}

int message_expect(int socket, char what, int *descriptor, struct error *err)
{
	char got = 0;
	int received;

	if (descriptor)
		*descriptor = -1;
	ssize_t size = message_take(socket, &got, 1, &received, 0);
	if (size < 0)
		return error_system(err, errno, "waiting for another process of the run");
	if (size == 1 && got == what && (descriptor || received < 0)) {
		if (descriptor)
			*descriptor = received;
		return 0;
	}
	if (received >= 0)
		close(received);
	return error_set(err, "another process of the run is gone");
}
