/* Addresses of a name by the C library: resolve NAME... For libraries that bring a resolver of
 * their own. */
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
		struct addrinfo *found = NULL;
		char text[INET6_ADDRSTRLEN];
		int result = getaddrinfo(argv[i], "80", &hints, &found);
		if (result) {
			printf("%s: %s\n", argv[i], gai_strerror(result));
			continue;
		}
		for (const struct addrinfo *at = found; at; at = at->ai_next) {
			const void *address =
			        at->ai_family == AF_INET
			                ? (const void *)&((const struct sockaddr_in *)(const void *)
			                                          at->ai_addr)
			                          ->sin_addr
			                : (const void *)&(
			                          (const struct sockaddr_in6 *)(const void *)
			                                  at->ai_addr)
			                          ->sin6_addr;
			printf("%s: %s\n", argv[i],
			       inet_ntop(at->ai_family, address, text, sizeof(text)));
		}
		freeaddrinfo(found);
	}
	return 0;
}
