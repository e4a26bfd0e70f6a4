// SPDX-License-Identifier: GPL-2.0
/* TCP_CONGESTION, TCP_CC_INFO and the settings about them: values, errors, who inherits what. */
#include "harness.h"

#include <linux/inet_diag.h>
#include <netinet/tcp.h>

LAB_FIXTURE(congestion);

#define NAME_MAX_LEN	16

static int choose(int fd, const char *name)
{
	return setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, strlen(name));
}

static const char *chosen(int fd)
{
	static char name[NAME_MAX_LEN];
	socklen_t len = sizeof(name);

	memset(name, 0x55, sizeof(name));
	if (getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &len))
		return strerror(errno);
	return len == sizeof(name) ? name : "another length";
}

static const char *setting(const struct lab *lab, const char *name)
{
	static char text[4096];

	if (lab_read_file(lab_sysctl_path(lab, name), text, sizeof(text)) < 0)
		return lab_why();
	text[strcspn(text, "\n")] = 0;
	return text;
}

static bool listed(const struct lab *lab, const char *file, const char *name)
{
	char text[4096], *word;

	snprintf(text, sizeof(text), "%s", setting(lab, file));
	for (word = strtok(text, " "); word; word = strtok(NULL, " "))
		if (!strcmp(word, name))
			return true;
	return false;
}

TEST_F(congestion, defaults)
{
	int fd = LAB_FD(lab_socket(&self->lab, 0));

	EXPECT_STREQ("cubic", setting(&self->lab, "congestion_control"));
	EXPECT_STREQ("cubic", chosen(fd));
	EXPECT_TRUE(listed(&self->lab, "available_congestion_control", "reno"));
	EXPECT_TRUE(listed(&self->lab, "available_congestion_control", "cubic"));
	EXPECT_EQ(LAB_DIFFERS(&self->lab, false, true, "Linux has none"),
		  listed(&self->lab, "available_congestion_control", "tahoe"));
}

/* A socket keeps what it had when it was made. */
TEST_F(congestion, setting_is_for_new_sockets)
{
	int before = LAB_FD(lab_socket(&self->lab, 0)), after;

	LAB_OK(lab_sysctl_set(&self->lab, "congestion_control", "reno"));
	EXPECT_STREQ("reno", setting(&self->lab, "congestion_control"));
	after = LAB_FD(lab_socket(&self->lab, 0));
	EXPECT_STREQ("cubic", chosen(before));
	EXPECT_STREQ("reno", chosen(after));
}

TEST_F(congestion, setting_errors)
{
	const char *path;

	LAB_ERRNO(ENOENT, lab_sysctl_set(&self->lab, "congestion_control", "unheard"));
	LAB_ERRNO(ENOENT, lab_sysctl_set(&self->lab, "congestion_control", "\n"));
	path = lab_sysctl_path(&self->lab, "available_congestion_control");
	LAB_ERRNO(EACCES, access(path, W_OK));
	EXPECT_STREQ("cubic", setting(&self->lab, "congestion_control"));
}

/* A new namespace begins with what the first one has. */
TEST_F(congestion, new_namespace)
{
	LAB_OK(lab_sysctl_set(&self->lab, "congestion_control", "reno"));
	LAB_OK(lab_netns_new());
	EXPECT_STREQ("cubic", setting(&self->lab, "congestion_control"));
}

TEST_F(congestion, choose)
{
	int fd = LAB_FD(lab_socket(&self->lab, 0));
	char name[NAME_MAX_LEN];
	socklen_t len;

	ASSERT_EQ(0, choose(fd, "reno"));
	EXPECT_STREQ("reno", chosen(fd));
	/* with its 0, and more behind it */
	ASSERT_EQ(0, setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic\0rubbish", 13));
	EXPECT_STREQ("cubic", chosen(fd));
	/* part of a name, if there is no more room */
	memset(name, 0x55, sizeof(name));
	len = 3;
	ASSERT_EQ(0, getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &len));
	EXPECT_EQ(3, len);
	EXPECT_EQ(0, memcmp(name, "cub\x55", 4));
}

TEST_F(congestion, choose_errors)
{
	int fd = LAB_FD(lab_socket(&self->lab, 0));
	socklen_t len = 4;

	LAB_ERRNO(EINVAL, setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 0));
	LAB_ERRNO(EFAULT, setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, (void *)8, 4));
	LAB_ERRNO(ENOENT, choose(fd, "unheard"));
	LAB_ERRNO(ENOENT, choose(fd, "ren"));
	LAB_ERRNO(ENOENT, setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "\0", 1));
	LAB_ERRNO(ENOENT, choose(fd, "a_name_that_is_too_long"));
	LAB_ERRNO(EFAULT, getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, (void *)8, &len));
	EXPECT_STREQ("cubic", chosen(fd));
}

/* In every state; and a connection goes on with another. */
TEST_F(congestion, on_a_connection)
{
	static const char * const names[] = { "reno", "cubic", "reno", "dctcp", "cubic" };
	unsigned int i;
	int fd[2];

	LAB_OK(lab_pair(&self->lab, fd));
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		ASSERT_EQ(0, choose(fd[i & 1], names[i]));
		EXPECT_STREQ(strcmp(names[i], "dctcp") ? names[i] :
			     LAB_DIFFERS(&self->lab, "dctcp-reno", "dctcp",
					 "Linux renames what has no ECN"), chosen(fd[i & 1]));
		LAB_OK(lab_send(fd[0], LAB_TO_PEER, i * 100000, 100000));
		LAB_OK(lab_recv(fd[1], LAB_TO_PEER, i * 100000, 100000));
		LAB_OK(lab_send(fd[1], LAB_TO_KERNEL, i * 1000, 1000));
		LAB_OK(lab_recv(fd[0], LAB_TO_KERNEL, i * 1000, 1000));
	}
	ASSERT_EQ(0, shutdown(fd[0], SHUT_WR));
	ASSERT_EQ(0, choose(fd[0], "reno"));
	LAB_OK(lab_recv_eof(fd[1]));
	ASSERT_EQ(0, choose(fd[1], "cubic"));
	close(fd[1]);
	LAB_OK(lab_recv_eof(fd[0]));
	ASSERT_EQ(0, choose(fd[0], "cubic"));
	EXPECT_STREQ("cubic", chosen(fd[0]));
}

/* An accepted socket has its listener's if that was chosen, ... */
TEST_F(congestion, accepted_inherits_a_choice)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 4)), fd;

	ASSERT_EQ(0, choose(listener, "reno"));
	LAB_FD(lab_connect_to(&self->lab, lab_port(listener)));
	fd = LAB_FD(accept(listener, NULL, NULL));
	EXPECT_STREQ("reno", chosen(fd));
	/* even if it was the default that was chosen */
	ASSERT_EQ(0, choose(listener, "cubic"));
	LAB_OK(lab_sysctl_set(&self->lab, "congestion_control", "reno"));
	LAB_FD(lab_connect_to(&self->lab, lab_port(listener)));
	fd = LAB_FD(accept(listener, NULL, NULL));
	EXPECT_STREQ("cubic", chosen(fd));
}

/* ... and else what is the default when it is made. */
TEST_F(congestion, accepted_takes_the_default)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 4)), fd;

	LAB_OK(lab_sysctl_set(&self->lab, "congestion_control", "reno"));
	EXPECT_STREQ("cubic", chosen(listener));
	LAB_FD(lab_connect_to(&self->lab, lab_port(listener)));
	fd = LAB_FD(accept(listener, NULL, NULL));
	EXPECT_STREQ("reno", chosen(fd));
}

TEST_F(congestion, disconnect_keeps_the_choice)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 4)), fd;
	struct sockaddr nobody = { .sa_family = AF_UNSPEC };

	fd = LAB_FD(lab_connect_to(&self->lab, lab_port(listener)));
	ASSERT_EQ(0, choose(fd, "reno"));
	ASSERT_EQ(0, connect(fd, &nobody, sizeof(nobody)));
	EXPECT_STREQ("reno", chosen(fd));
}

/* Without CAP_NET_ADMIN those that are allowed, and no module is loaded. */
TEST_F(congestion, restricted)
{
	int fd = LAB_FD(lab_socket(&self->lab, 0)), kept = LAB_FD(lab_socket(&self->lab, 0));

	ASSERT_EQ(0, choose(kept, "dctcp"));
	EXPECT_TRUE(listed(&self->lab, "available_congestion_control", "dctcp"));
	EXPECT_FALSE(listed(&self->lab, "allowed_congestion_control", "dctcp"));
	/* nor is it for this namespace to give it to everybody */
	LAB_ERRNO(EPERM, lab_sysctl_set(&self->lab, "congestion_control", "dctcp"));

	ASSERT_EQ(0, setresuid(-1, 65534, -1));
	LAB_ERRNO(EPERM, choose(fd, "dctcp"));
	EXPECT_STREQ("cubic", chosen(fd));
	ASSERT_EQ(0, choose(fd, "reno"));
	/* it is not changed */
	ASSERT_EQ(0, choose(kept, "dctcp"));
	LAB_ERRNO(ENOENT, choose(fd, "unheard"));
	ASSERT_EQ(0, setresuid(-1, 0, -1));
}

/* allowed_congestion_control is the first namespace's to write. */
TEST_F(congestion, allowed)
{
	const char *path = lab_sysctl_path(&self->lab, "allowed_congestion_control");
	char before[256];
	int fd = LAB_FD(lab_socket(&self->lab, 0)), ours = LAB_FD(lab_netns_fd()), first;

	LAB_ERRNO(EACCES, access(path, W_OK));
	first = open("/proc/1/ns/net", O_RDONLY);
	ASSERT_LE(0, first);
	LAB_OK(lab_netns_enter(first));
	snprintf(before, sizeof(before), "%s", setting(&self->lab, "allowed_congestion_control"));
	LAB_ERRNO(ENOENT, lab_sysctl_set(&self->lab, "allowed_congestion_control", "reno unheard"));
	EXPECT_STREQ(before, setting(&self->lab, "allowed_congestion_control"));
	LAB_OK(lab_sysctl_set(&self->lab, "allowed_congestion_control", "reno"));
	EXPECT_STREQ("reno", setting(&self->lab, "allowed_congestion_control"));

	ASSERT_EQ(0, choose(fd, "reno"));
	ASSERT_EQ(0, setresuid(-1, 65534, -1));
	errno = 0;
	EXPECT_EQ(-1, choose(fd, "cubic"));
	EXPECT_EQ(EPERM, errno);
	ASSERT_EQ(0, setresuid(-1, 0, -1));
	LAB_OK(lab_sysctl_set(&self->lab, "allowed_congestion_control", before));
	EXPECT_STREQ(before, setting(&self->lab, "allowed_congestion_control"));
	LAB_OK(lab_netns_enter(ours));
}

/* What an algorithm tells of itself: most nothing */
TEST_F(congestion, info)
{
	union tcp_cc_info info;
	socklen_t len = sizeof(info);
	int fd[2];

	LAB_OK(lab_pair(&self->lab, fd));
	ASSERT_EQ(0, getsockopt(fd[0], IPPROTO_TCP, TCP_CC_INFO, &info, &len));
	EXPECT_EQ(0, len);
	ASSERT_EQ(0, choose(fd[0], "dctcp"));
	memset(&info, 0x55, sizeof(info));
	len = sizeof(info);
	ASSERT_EQ(0, getsockopt(fd[0], IPPROTO_TCP, TCP_CC_INFO, &info, &len));
	EXPECT_EQ(sizeof(info.dctcp), len);
	/* the connection has no ECN */
	EXPECT_EQ(0, info.dctcp.dctcp_enabled);
	EXPECT_EQ(0, info.dctcp.dctcp_alpha);
	len = 2;
	ASSERT_EQ(0, getsockopt(fd[0], IPPROTO_TCP, TCP_CC_INFO, &info, &len));
	EXPECT_EQ(2, len);
	len = -1;
	LAB_ERRNO(EINVAL, getsockopt(fd[0], IPPROTO_TCP, TCP_CC_INFO, &info, &len));
	len = sizeof(info);
	LAB_ERRNO(EFAULT, getsockopt(fd[0], IPPROTO_TCP, TCP_CC_INFO, (void *)8, &len));
	LAB_ERRNO(ENOPROTOOPT, setsockopt(fd[0], IPPROTO_TCP, TCP_CC_INFO, &info, sizeof(info)));
}

/* Tahoe begins with one segment and works; only tcplab has it. */
TEST_F(congestion, tahoe)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);
	int fd[2];

	LAB_OK(lab_sysctl_set(&self->lab, "congestion_control",
			      LAB_DIFFERS(&self->lab, "reno", "tahoe", "Linux has none")));
	LAB_OK(lab_pair(&self->lab, fd));
	ASSERT_EQ(0, getsockopt(fd[0], IPPROTO_TCP, TCP_INFO, &info, &len));
	EXPECT_EQ(LAB_DIFFERS(&self->lab, 10, 1, "as textbooks begin"), info.tcpi_snd_cwnd);
	LAB_OK(lab_send(fd[0], LAB_TO_PEER, 0, 1000000));
	LAB_OK(lab_recv(fd[1], LAB_TO_PEER, 0, 1000000));
}

TEST_HARNESS_MAIN
