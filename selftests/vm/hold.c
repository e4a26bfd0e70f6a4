// SPDX-License-Identifier: GPL-2.0
/* Opens a socket, says whether that went well, and keeps it until standard input ends. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int protocol = argc > 1 ? atoi(argv[1]) : 253;
	int family = argc > 2 && !strcmp(argv[2], "6") ? AF_INET6 : AF_INET;
	char c;

	if (socket(family, SOCK_STREAM, protocol) < 0) {
		printf("no: %s\n", strerror(errno));
		return 1;
	}
	printf("open\n");
	fflush(stdout);
	while (read(0, &c, 1) > 0)
		;
	return 0;
}
