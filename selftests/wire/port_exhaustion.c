// SPDX-License-Identifier: GPL-2.0
/* A short range of ephemeral ports, all of them in use: a clear errno, and recovery. */
#include "harness.h"
#include "wire.h"

#include <netinet/tcp.h>

enum { FIRST = 41000, PORTS = 6, SERVER = 9000 };

WIRE_TIMED_FIXTURE(port_exhaustion);

static void short_range(struct __test_metadata *_metadata)
{
	char range[40];

	snprintf(range, sizeof(range), "%d %d", FIRST, FIRST + PORTS - 1);
	LAB_OK(lab_write_file("/proc/sys/net/ipv4/ip_local_port_range", range));
	/* of both protocols, where it exists: TIME_WAITs keep their ports */
	lab_sysctl_set(&w->lab, "tw_reuse", "0");
}

static int try_connect(int port)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(&w->lab, port, &ss);
	int fd = lab_socket(&w->lab, 0), err;

	if (fd < 0 || !connect(fd, (struct sockaddr *)&ss, len))
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

/* A connection that the client closes first: its port is in TIME_WAIT. */
static int use_a_port(int listener)
{
	int fd = try_connect(SERVER), peer;
	char c;

	if (fd < 0)
		return -1;
	peer = accept(listener, NULL, NULL);
	close(fd);
	if (peer < 0 || recv(peer, &c, 1, 0))
		return lab_fail("the server's end: %s", strerror(errno));
	close(peer);
	return 0;
}

/* 2 MSL: of Linux a minute */
static int two_msl_s(void)
{
	return w->lab.oracle ? 60 : 2 * lab_sysctl(&w->lab, "msl_ms") / 1000;
}

static int bind_any(void)
{
	struct sockaddr_storage ss;
	socklen_t len = lab_loopback(&w->lab, 0, &ss);
	int fd = lab_socket(&w->lab, 0), err;

	if (fd < 0 || !bind(fd, (struct sockaddr *)&ss, len))
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

/* RFC6056 3: connect() in a row through all of the range, then no more, until 2 MSL are over */
TEST_F_TIMEOUT(port_exhaustion, by_time_wait, lab_secs(100))
{
	int listener, other, i, fd, n = 0;

	short_range(_metadata);
	listener = LAB_FD(lab_listen(&w->lab, SERVER, 10));
	other = LAB_FD(lab_listen(&w->lab, SERVER + 1, 10));
	for (i = 0; i < PORTS; i++)
		ASSERT_EQ(0, use_a_port(listener))
			TH_LOG("connection %d: %s", i, strerror(errno));
	for (i = 0; i < PORTS; i++)
		n += lab_conn_state(&w->lab, FIRST + i, SERVER) == TCP_TIME_WAIT;
	EXPECT_EQ(PORTS, n);
	LAB_ERRNO(EADDRNOTAVAIL, try_connect(SERVER));
	/* towards another end the same ports are as good as new */
	fd = LAB_FD(try_connect(SERVER + 1));
	close(fd);
	close(LAB_FD(accept(other, NULL, NULL)));
	/* bind() wants one for itself alone */
	LAB_ERRNO(EADDRINUSE, bind_any());

	sleep(two_msl_s() / 2);
	LAB_ERRNO(EADDRNOTAVAIL, try_connect(SERVER));
	sleep(two_msl_s() / 2);
	for (i = 0; i < PORTS; i++)
		EXPECT_TRUE(LAB_UNTIL(use_a_port(listener) == 0));
	LAB_ERRNO(EADDRNOTAVAIL, try_connect(SERVER));
}

/* A smaller 2 MSL frees them sooner. The kernel's TCP has no such setting. */
TEST_F_TIMEOUT(port_exhaustion, msl, lab_secs(60))
{
	int listener, i;
	int64_t begun;

	if (w->lab.oracle)
		return;
	short_range(_metadata);
	LAB_OK(lab_sysctl_set(&w->lab, "msl_ms", "2000"));
	listener = LAB_FD(lab_listen(&w->lab, SERVER, 10));
	for (i = 0; i < PORTS; i++)
		ASSERT_EQ(0, use_a_port(listener));
	LAB_ERRNO(EADDRNOTAVAIL, try_connect(SERVER));
	begun = lab_now_us();
	EXPECT_TRUE(LAB_UNTIL(use_a_port(listener) == 0));
	EXPECT_TRUE(wire_about((lab_now_us() - begun) / 1000, 4000))
		TH_LOG("%s", lab_why());
}

/* Live connections, and sockets that are only bound, use them up as well. */
TEST_F_TIMEOUT(port_exhaustion, by_bind, lab_secs(60))
{
	int fd[PORTS], i;

	short_range(_metadata);
	LAB_FD(lab_listen(&w->lab, SERVER, 10));
	for (i = 0; i < PORTS; i++)
		fd[i] = LAB_FD(bind_any());
	LAB_ERRNO(EADDRINUSE, bind_any());
	LAB_ERRNO(EADDRNOTAVAIL, try_connect(SERVER));
	close(fd[2]);
	close(LAB_FD(bind_any()));
	fd[2] = LAB_FD(try_connect(SERVER));
	LAB_ERRNO(EADDRNOTAVAIL, try_connect(SERVER));
	LAB_ERRNO(EADDRINUSE, bind_any());
}

/* Live ones */
TEST_F_TIMEOUT(port_exhaustion, by_connections, lab_secs(60))
{
	int i;

	short_range(_metadata);
	LAB_FD(lab_listen(&w->lab, SERVER, 10));
	for (i = 0; i < PORTS; i++)
		LAB_FD(try_connect(SERVER));
	LAB_ERRNO(EADDRNOTAVAIL, try_connect(SERVER));
}

TEST_HARNESS_MAIN
