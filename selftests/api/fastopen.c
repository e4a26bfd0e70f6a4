// SPDX-License-Identifier: GPL-2.0
/* TCP Fast Open as programs use it: options, errors, blocking calls, both ends in one machine. */
#include "harness.h"

#include <netinet/tcp.h>

LAB_FIXTURE(fastopen);

#define PORT 5555

static int server(struct __test_metadata *_metadata, struct lab *lab)
{
	int fd;

	LAB_OK(lab_sysctl_set(lab, "fastopen", "3"));
	fd = LAB_FD(lab_listen(lab, PORT, 8));
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_FASTOPEN, 8));
	return fd;
}

/* A blocking client that connects by sending @n bytes of the pattern. */
static int client(struct __test_metadata *_metadata, struct lab *lab, int n)
{
	static uint8_t buf[300000];
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(lab, PORT, &ss);
	int fd = LAB_FD(lab_socket(lab, 0));

	lab_fill(buf, LAB_TO_PEER, 0, n);
	EXPECT_EQ(n, sendto(fd, buf, n, MSG_FASTOPEN, (struct sockaddr *)&ss, len));
	return fd;
}

/* From now on SYNs to @listener have a cookie, and may take data along. */
static void get_cookie(struct __test_metadata *_metadata, struct lab *lab, int listener)
{
	close(client(_metadata, lab, 1));
	close(LAB_FD(accept(listener, NULL, NULL)));
}

/* A connect() that is put off until something is written */
static int put_off(struct __test_metadata *_metadata, struct lab *lab)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(lab, PORT, &ss);
	int fd = LAB_FD(lab_socket(lab, 0));

	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1));
	ASSERT_EQ(0, connect(fd, (struct sockaddr *)&ss, len));
	return fd;
}

static int syn_data(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len);
	return !!(info.tcpi_options & TCPI_OPT_SYN_DATA);
}

TEST_F(fastopen, request_and_answer)
{
	int listener = server(_metadata, &self->lab), i, fd, peer;

	for (i = 0; i < 3; i++) {
		fd = client(_metadata, &self->lab, 1000);
		peer = LAB_FD(accept(listener, NULL, NULL));
		LAB_OK(lab_recv(peer, LAB_TO_PEER, 0, 1000));
		LAB_OK(lab_send(peer, LAB_TO_KERNEL, 0, 3000));
		EXPECT_EQ(i > 0, syn_data(peer));
		close(peer);
		LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 3000));
		LAB_OK(lab_recv_eof(fd));
		EXPECT_EQ(i > 0, syn_data(fd));
		close(fd);
	}
}

/* More than a SYN takes: the rest follows, nothing twice. */
TEST_F(fastopen, more_than_fits)
{
	int listener = server(_metadata, &self->lab), i, fd, peer;

	for (i = 0; i < 2; i++) {
		fd = client(_metadata, &self->lab, 200000);
		peer = LAB_FD(accept(listener, NULL, NULL));
		close(fd);
		LAB_OK(lab_recv(peer, LAB_TO_PEER, 0, 200000));
		LAB_OK(lab_recv_eof(peer));
		close(peer);
	}
}

TEST_F(fastopen, write_after_connect)
{
	int listener = server(_metadata, &self->lab), i, fd, peer;

	for (i = 0; i < 2; i++) {
		fd = put_off(_metadata, &self->lab);
		LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 500));
		peer = LAB_FD(accept(listener, NULL, NULL));
		LAB_OK(lab_recv(peer, LAB_TO_PEER, 0, 500));
		EXPECT_EQ(i > 0, syn_data(peer));
		close(fd);
		close(peer);
	}
}

/* connect() that was put off, then no write: undone by close() and by disconnect */
TEST_F(fastopen, put_off_and_undone)
{
	struct sockaddr_storage ss, none = { .ss_family = AF_UNSPEC };
	socklen_t len = lab_loopback(&self->lab, PORT, &ss);
	int listener = server(_metadata, &self->lab), fd;

	get_cookie(_metadata, &self->lab, listener);
	fd = put_off(_metadata, &self->lab);
	EXPECT_EQ(TCP_SYN_SENT, lab_tcp_state(fd));
	ASSERT_EQ(0, connect(fd, (struct sockaddr *)&none, sizeof(none)));
	EXPECT_EQ(TCP_CLOSE, lab_tcp_state(fd));
	ASSERT_EQ(0, connect(fd, (struct sockaddr *)&ss, len));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 5));
	LAB_OK(lab_recv(LAB_FD(accept(listener, NULL, NULL)), LAB_TO_PEER, 0, 5));
}

/* Nobody listens: the error comes from the call that connects. */
TEST_F(fastopen, refused)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(&self->lab, PORT + 1, &ss);
	int fd = LAB_FD(lab_socket(&self->lab, 0));

	LAB_ERRNO(ECONNREFUSED, sendto(fd, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&ss, len));
}

/* The same when the SYN took data along: it is not said to be sent. */
TEST_F(fastopen, refused_with_data)
{
	int listener = server(_metadata, &self->lab), fd;
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(&self->lab, PORT, &ss);

	get_cookie(_metadata, &self->lab, listener);
	close(listener);
	fd = LAB_FD(lab_socket(&self->lab, 0));
	LAB_ERRNO(ECONNREFUSED, sendto(fd, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&ss, len));
	EXPECT_EQ(TCP_CLOSE, lab_tcp_state(fd));
}

/* The way is gone before the first write: that fails, and does not wait for ever. */
TEST_F(fastopen, no_way_any_more)
{
	int listener = server(_metadata, &self->lab), fd;

	get_cookie(_metadata, &self->lab, listener);
	fd = put_off(_metadata, &self->lab);
	LAB_OK(lab_link_down("lo"));
	LAB_OK(lab_set_opt(fd, IPPROTO_TCP, TCP_SYNCNT, 1));
	EXPECT_EQ(-1, send(fd, "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(TCP_CLOSE, lab_tcp_state(fd));
}

TEST_F(fastopen, errors)
{
	struct sockaddr_storage ss, none = { .ss_family = AF_UNSPEC };
	socklen_t len = lab_loopback(&self->lab, PORT, &ss);
	int fd = LAB_FD(lab_socket(&self->lab, 0)), pair[2];

	LAB_ERRNO(EINVAL, sendto(fd, "x", 1, MSG_FASTOPEN, NULL, 0));
	LAB_ERRNO(EOPNOTSUPP, sendto(fd, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&none, len));
	LAB_OK(lab_pair(&self->lab, pair));
	LAB_ERRNO(EISCONN, sendto(pair[0], "x", 1, MSG_FASTOPEN, (struct sockaddr *)&ss, len));
	EXPECT_EQ(0, listen(fd, 1));
	LAB_ERRNO(EISCONN, sendto(fd, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&ss, len));
}

static int set(int fd, int name, int value)
{
	return setsockopt(fd, IPPROTO_TCP, name, &value, sizeof(value));
}

TEST_F(fastopen, options)
{
	int fd = LAB_FD(lab_socket(&self->lab, 0)), pair[2];
	uint8_t key[40] = { 0 };
	socklen_t len = sizeof(key);

	EXPECT_EQ(1, lab_sysctl(&self->lab, "fastopen"));
	EXPECT_EQ(0, lab_opt(fd, IPPROTO_TCP, TCP_FASTOPEN));
	LAB_ERRNO(EINVAL, set(fd, TCP_FASTOPEN, -1));
	ASSERT_EQ(0, set(fd, TCP_FASTOPEN, 1000000));
	EXPECT_EQ(4096, lab_opt(fd, IPPROTO_TCP, TCP_FASTOPEN));	/* somaxconn */
	LAB_ERRNO(EINVAL, set(fd, TCP_FASTOPEN_CONNECT, 2));
	ASSERT_EQ(0, set(fd, TCP_FASTOPEN_CONNECT, 1));
	EXPECT_EQ(1, lab_opt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT));
	LAB_ERRNO(EINVAL, set(fd, TCP_FASTOPEN_NO_COOKIE, -1));
	ASSERT_EQ(0, set(fd, TCP_FASTOPEN_NO_COOKIE, 1));
	EXPECT_EQ(1, lab_opt(fd, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE));
	LAB_ERRNO(EINVAL, setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_KEY, key, 15));
	LAB_ERRNO(EINVAL, setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_KEY, key, 40));
	LAB_ERRNO(EFAULT, setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_KEY, NULL, 16));
	ASSERT_EQ(0, setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_KEY, key, 16));
	ASSERT_EQ(0, getsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_KEY, key, &len));
	EXPECT_EQ(16, len);

	LAB_OK(lab_pair(&self->lab, pair));
	LAB_ERRNO(EINVAL, set(pair[0], TCP_FASTOPEN, 1));
	LAB_ERRNO(EINVAL, set(pair[0], TCP_FASTOPEN_CONNECT, 1));
	LAB_ERRNO(EINVAL, set(pair[0], TCP_FASTOPEN_NO_COOKIE, 1));
}

/* fastopen_key: read and written as text */
TEST_F(fastopen, key_setting)
{
	static const char text[] = "01234567-89abcdef-00000001-fedcba98";
	char buf[100], two[100];
	const char *path;

	path = strdup(lab_sysctl_path(&self->lab, "fastopen_key"));
	LAB_OK(lab_read_file(path, buf, sizeof(buf)));
	EXPECT_EQ(0, strncmp(buf, "00000000-00000000-00000000-00000000", 35));
	LAB_OK(lab_write_file(path, text));
	LAB_OK(lab_read_file(path, buf, sizeof(buf)));
	EXPECT_EQ(0, strncmp(buf, text, 35));
	snprintf(two, sizeof(two), "%s,%s", text, "1-2-3-4");
	LAB_OK(lab_write_file(path, two));
	LAB_OK(lab_read_file(path, buf, sizeof(buf)));
	EXPECT_EQ(0, strncmp(buf, "01234567-89abcdef-00000001-fedcba98,"
				  "00000001-00000002-00000003-00000004", 71));
	EXPECT_EQ(-1, lab_write_file(path, "no key"));
}

TEST_HARNESS_MAIN
