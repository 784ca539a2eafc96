#include "base/message.h"

#include <errno.h>
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

int message_send(int socket, char what, int descriptor, struct error *err)
{
	struct iovec data = {.iov_base = &what, .iov_len = 1};
	union control control = {0};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
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
	return sent == 1 ? 0 : error_system(err, errno, "sending to another process of the run");
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

int message_expect(int socket, char what, int *descriptor, struct error *err)
{
	char got = 0;
	struct iovec data = {.iov_base = &got, .iov_len = 1};
	union control control = {0};
	struct msghdr message = {
	        .msg_iov = &data,
	        .msg_iovlen = 1,
	        .msg_control = control.bytes,
	        .msg_controllen = sizeof(control.bytes),
	};
	ssize_t size;

	if (descriptor)
		*descriptor = -1;
	do {
		size = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	} while (size < 0 && errno == EINTR);
	if (size < 0)
		return error_system(err, errno, "waiting for another process of the run");
	int received = received_descriptor(&message);
	if (size == 1 && got == what && (descriptor || received < 0)) {
		if (descriptor)
			*descriptor = received;
		return 0;
	}
	if (received >= 0)
		close(received);
	return error_set(err, "another process of the run is gone");
}
