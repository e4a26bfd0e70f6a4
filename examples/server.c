// SPDX-License-Identifier: GPL-2.0
/*
 * server PORT: answer each client with its own words, over tcplab; IPv4 and IPv6.
 *
 * After "make install" it builds with: cc server.c
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <tcplab.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_in6 here = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT };
	int listener = socket(AF_INET6, SOCK_STREAM, IPPROTO_TCPLAB);
	int one = 1, fd;

	if (argc < 2)
		return 2;
	here.sin6_port = htons(atoi(argv[1]));
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (listener < 0 || bind(listener, (struct sockaddr *)&here, sizeof(here)) < 0 ||
	    listen(listener, 16) < 0)
		return perror(argv[0]), 1;

	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		char words[100];
		ssize_t n;

		/* what a client sends at once may come in parts: go on until it closes its half */
		while ((n = recv(fd, words, sizeof(words), 0)) > 0)
			if (send(fd, words, n, MSG_NOSIGNAL) < n)
				break;
		close(fd);
	}
	return perror("accept"), 1;
}
