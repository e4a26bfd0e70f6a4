// SPDX-License-Identifier: GPL-2.0
/*
 * client ADDRESS PORT: say hello over tcplab, print the answer.
 *
 * After "make install" it builds with: cc client.c
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <tcplab.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	char answer[100];
	int fd = socket(AF_INET, SOCK_STREAM, IPPROTO_TCPLAB);	/* all that differs from TCP */

	if (argc < 3 || !inet_pton(AF_INET, argv[1], &to.sin_addr))
		return 2;
	to.sin_port = htons(atoi(argv[2]));
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 ||
	    send(fd, "hello", 5, 0) != 5)
		return perror(argv[0]), 1;
	printf("%.*s\n", (int)recv(fd, answer, sizeof(answer), 0), answer);
	return close(fd);
}
