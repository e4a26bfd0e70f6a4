// SPDX-License-Identifier: GPL-2.0
/*
 * Two programs that send each other a file over one connection, both at once.
 *
 * usage: exchange listen|connect ADDRESS PORT FILE-TO-SEND FILE-TO-WRITE
 *        exchange echo ADDRESS PORT	(answers one client with its own words)
 *
 * The family follows the address. PROTOCOL in the environment is the IP protocol:
 * 253 (tcplab) unless it says otherwise; 6 is the kernel's TCP.
 *
 * A listener says "ready" once clients may come. At the end each prints
 * "BYTES-SENT BYTES-RECEIVED SECONDS"; one that connects prints a dot to standard
 * error for each tenth of its own file on the way.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CHUNK	(128 * 1024)

static void die(const char *what)
{
	fprintf(stderr, "exchange: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static socklen_t address(const char *text, int port, struct sockaddr_storage *where)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)where;
	struct sockaddr_in *four = (struct sockaddr_in *)where;

	memset(where, 0, sizeof(*where));
	if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons(port);
		return sizeof(*six);
	}
	if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(port);
		return sizeof(*four);
	}
	errno = EINVAL;
	die(text);
	return 0;
}

static int open_connection(int listening, const char *text, int port)
{
	const char *word = getenv("PROTOCOL");
	int protocol = word ? atoi(word) : 253;
	struct sockaddr_storage where;
	socklen_t len = address(text, port, &where);
	int fd = socket(where.ss_family, SOCK_STREAM, protocol);
	int one = 1, child;

	if (fd < 0)
		die("socket");
	if (!listening) {
		if (connect(fd, (struct sockaddr *)&where, len) < 0)
			die("connect");
		return fd;
	}
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&where, len) < 0)
		die("bind");
	if (listen(fd, 8) < 0)
		die("listen");
	puts("ready");
	fflush(stdout);
	child = accept(fd, NULL, NULL);
	if (child < 0)
		die("accept");
	close(fd);
	return child;
}

static void echo(int fd)
{
	char buf[4096];
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0)
		if (send(fd, buf, n, 0) != n)
			die("send");
	if (n < 0)
		die("recv");
}

static void exchange(int fd, int in, int out, int dots)
{
	static char sbuf[CHUNK], rbuf[CHUNK];
	size_t have = 0, done = 0;
	long long sent = 0, received = 0, size;
	int sending = 1, receiving = 1, shown = 0;
	double start = now();
	struct stat st;

	fstat(in, &st);
	size = st.st_size;
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	while (sending || receiving) {
		struct pollfd p = { .fd = fd };
		ssize_t n;

		p.events = (sending ? POLLOUT : 0) | (receiving ? POLLIN : 0);
		if (poll(&p, 1, 60000) == 0) {
			errno = ETIMEDOUT;
			die("nothing moves for a minute");
		}
		if (receiving && (p.revents & (POLLIN | POLLHUP | POLLERR))) {
			n = recv(fd, rbuf, sizeof(rbuf), 0);
			if (n < 0 && errno != EAGAIN)
				die("recv");
			if (n == 0)
				receiving = 0;
			if (n > 0 && write(out, rbuf, n) != n)
				die("write");
			received += n > 0 ? n : 0;
		}
		if (!sending || !(p.revents & (POLLOUT | POLLERR)))
			continue;
		if (have == done) {
			n = read(in, sbuf, sizeof(sbuf));
			if (n < 0)
				die("read");
			have = n;
			done = 0;
			if (n == 0) {
				shutdown(fd, SHUT_WR);
				sending = 0;
				continue;
			}
		}
		n = send(fd, sbuf + done, have - done, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			die("send");
		if (n > 0) {
			done += n;
			sent += n;
		}
		while (dots && shown < 10 && sent >= size * (shown + 1) / 10) {
			fputc('.', stderr);
			shown++;
		}
	}
	printf("%lld %lld %.6f\n", sent, received, now() - start);
}

int main(int argc, char **argv)
{
	int fd, in, out, connecting;

	if (argc == 4 && !strcmp(argv[1], "echo")) {
		echo(open_connection(1, argv[2], atoi(argv[3])));
		return 0;
	}
	if (argc != 6) {
		fputs("usage: exchange listen|connect ADDRESS PORT FILE-TO-SEND FILE-TO-WRITE\n",
		      stderr);
		return 2;
	}
	connecting = !strcmp(argv[1], "connect");
	in = open(argv[4], O_RDONLY);
	if (in < 0)
		die(argv[4]);
	out = open(argv[5], O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (out < 0)
		die(argv[5]);
	fd = open_connection(!connecting, argv[2], atoi(argv[3]));
	exchange(fd, in, out, connecting);
	if (close(fd) < 0 || close(out) < 0)
		die("close");
	return 0;
}
