// SPDX-License-Identifier: GPL-2.0
/*
 * A congestion control algorithm of another module (selftests/cc/tcplab_fixed.c): it is seen, used,
 * cannot go while somebody has it, and can afterwards. Hence the test loads and removes all modules
 * itself.
 */
#include <netinet/tcp.h>
#include <sys/stat.h>

#include "harness.h"
#include "failmem.h"

#define MODPROBE	"/proc/sys/kernel/modprobe"
#define SCRIPT		"/tmp/tcplab-test-modprobe"

static char example[1000];	/* file of the module */
static char text[4096];

FIXTURE(cc_module) { struct lab lab; char modprobe[256]; };
FIXTURE_VARIANT(cc_module) { int family; };
FIXTURE_VARIANT_ADD(cc_module, lab_v4) { AF_INET };
FIXTURE_VARIANT_ADD(cc_module, lab_v6) { AF_INET6 };

FIXTURE_SETUP(cc_module)
{
	const char *ko = getenv("TCPLAB_KO"), *slash;

	ASSERT_NE(NULL, ko);
	slash = strrchr(ko, '/');
	ASSERT_NE(NULL, slash);
	snprintf(example, sizeof(example), "%.*s/tcplab_fixed.ko", (int)(slash - ko), ko);
	LAB_OK(lab_read_file(MODPROBE, self->modprobe, sizeof(self->modprobe)));
	ASSERT_EQ(0, lab_module_load(ko, ""));
	__LAB_VERDICT(lab_only_tcplab(&self->lab, variant->family))
	ASSERT_EQ(0, lab_module_load(example, "segments=7"));
}

FIXTURE_TEARDOWN(cc_module)
{
	lab_write_file(MODPROBE, self->modprobe);
	unlink(SCRIPT);
	lab_module_remove("tcplab_fixed");
	lab_module_remove("tcplab");
}

static int live(void)
{
	if (lab_read_file("/sys/module/tcplab_fixed/parameters/live", text, sizeof(text)) < 0)
		return -1;
	return atoi(text);
}

static bool listed(struct lab *lab, const char *file, const char *name)
{
	char *word;

	if (lab_read_file(lab_sysctl_path(lab, file), text, sizeof(text)) < 0)
		return false;
	for (word = strtok(text, "\n "); word; word = strtok(NULL, "\n "))
		if (!strcmp(word, name))
			return true;
	return false;
}

static int choose(int fd, const char *name)
{
	return setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, strlen(name));
}

static const char *chosen(int fd)
{
	static char name[16];
	socklen_t len = sizeof(name);

	memset(name, 0, sizeof(name));
	getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &len);
	return name;
}

static unsigned int cwnd(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len);
	return info.tcpi_snd_cwnd;
}

/* It stays while it is in use, and so does what it stands on. */
static void both_stay(struct __test_metadata *_metadata)
{
	EXPECT_EQ(EAGAIN, lab_module_remove("tcplab_fixed"));
	EXPECT_EQ(EAGAIN, lab_module_remove("tcplab"));
}

static void both_go(struct __test_metadata *_metadata)
{
	EXPECT_EQ(EAGAIN, lab_module_remove("tcplab"));
	EXPECT_TRUE(LAB_UNTIL(!lab_module_remove("tcplab_fixed")));
	EXPECT_TRUE(LAB_UNTIL(!lab_module_remove("tcplab")));
}

TEST_F(cc_module, comes_and_goes)
{
	EXPECT_TRUE(listed(&self->lab, "available_congestion_control", "fixed"));
	EXPECT_TRUE(listed(&self->lab, "allowed_congestion_control", "fixed"));
	EXPECT_EQ(EEXIST, lab_module_load(example, ""));
	EXPECT_EQ(0, lab_module_remove("tcplab_fixed"));
	EXPECT_FALSE(listed(&self->lab, "available_congestion_control", "fixed"));
	ASSERT_EQ(0, lab_module_load(example, ""));
	both_go(_metadata);
}

/* A connection that has it goes by it; ours, for the other end has its own. */
TEST_F(cc_module, on_a_connection)
{
	int fd[2];

	LAB_OK(lab_pair(&self->lab, fd));
	EXPECT_EQ(0, live());
	ASSERT_EQ(0, choose(fd[0], "fixed"));
	EXPECT_STREQ("fixed", chosen(fd[0]));
	EXPECT_EQ(1, live());
	EXPECT_EQ(7, cwnd(fd[0]));
	LAB_OK(lab_send(fd[0], LAB_TO_PEER, 0, 50000));
	LAB_OK(lab_recv(fd[1], LAB_TO_PEER, 0, 50000));
	EXPECT_EQ(7, cwnd(fd[0]));
	EXPECT_NE(7, cwnd(fd[1]));
	both_stay(_metadata);
	/* again is nothing new */
	ASSERT_EQ(0, choose(fd[0], "fixed"));
	EXPECT_EQ(1, live());

	ASSERT_EQ(0, choose(fd[0], "reno"));
	EXPECT_EQ(0, live());
	EXPECT_EQ(7, cwnd(fd[0]));
	EXPECT_EQ(0, lab_module_remove("tcplab_fixed"));
	LAB_OK(lab_send(fd[0], LAB_TO_PEER, 50000, 50000));
	LAB_OK(lab_recv(fd[1], LAB_TO_PEER, 50000, 50000));
	close(fd[0]);
	close(fd[1]);
	EXPECT_TRUE(LAB_UNTIL(!lab_module_remove("tcplab")));
}

/* A program that goes with all its sockets lets it go. */
TEST_F(cc_module, closed)
{
	int fd[2], n;

	for (n = 0; n < 3; n++) {
		LAB_OK(lab_pair(&self->lab, fd));
		ASSERT_EQ(0, choose(fd[0], "fixed"));
		ASSERT_EQ(0, choose(fd[1], "fixed"));
		EXPECT_EQ(2, live());
		both_stay(_metadata);
		close(fd[n & 1]);
		close(fd[~n & 1]);
		EXPECT_TRUE(LAB_UNTIL(!live()));
	}
	both_go(_metadata);
}

/* It begins when there is a connection, and a connection that is undone is its end. */
TEST_F(cc_module, listener_and_disconnect)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 4)), fd, child, i;
	struct sockaddr nobody = { .sa_family = AF_UNSPEC };

	ASSERT_EQ(0, choose(listener, "fixed"));
	EXPECT_EQ(0, live());
	both_stay(_metadata);
	fd = LAB_FD(lab_connect_to(&self->lab, lab_port(listener)));
	child = LAB_FD(accept(listener, NULL, NULL));
	EXPECT_STREQ("fixed", chosen(child));
	EXPECT_EQ(1, live());
	EXPECT_EQ(7, cwnd(child));
	close(listener);
	both_stay(_metadata);

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, connect(child, &nobody, sizeof(nobody)));
		EXPECT_EQ(0, live());
		EXPECT_STREQ("fixed", chosen(child));
		both_stay(_metadata);
	}
	/* the same socket in another life */
	listener = LAB_FD(lab_listen(&self->lab, 0, 4));
	{
		struct sockaddr_storage ss;
		socklen_t len = lab_loopback(&self->lab, lab_port(listener), &ss);

		ASSERT_EQ(0, connect(child, (struct sockaddr *)&ss, len));
	}
	EXPECT_EQ(1, live());
	EXPECT_EQ(7, cwnd(child));
	close(child);
	close(fd);
	close(listener);
	both_go(_metadata);
}

/* Connections that nobody accepts are ended with the listener, and what they have goes. */
TEST_F(cc_module, not_accepted)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 8)), fd[5], i;

	ASSERT_EQ(0, choose(listener, "fixed"));
	for (i = 0; i < 5; i++)
		fd[i] = LAB_FD(lab_connect_to(&self->lab, lab_port(listener)));
	EXPECT_TRUE(LAB_UNTIL(live() == 5));
	close(listener);
	EXPECT_TRUE(LAB_UNTIL(!live()));
	for (i = 0; i < 5; i++)
		close(fd[i]);
	both_go(_metadata);
}

/* The default of a namespace holds it; new sockets have it, as have sockets that are there. */
TEST_F(cc_module, default_of_a_namespace)
{
	int before = LAB_FD(lab_socket(&self->lab, 0)), after;

	LAB_OK(lab_sysctl_set(&self->lab, "congestion_control", "fixed"));
	both_stay(_metadata);
	after = LAB_FD(lab_socket(&self->lab, 0));
	EXPECT_STREQ("cubic", chosen(before));
	EXPECT_STREQ("fixed", chosen(after));
	close(before);
	LAB_OK(lab_sysctl_set(&self->lab, "congestion_control", "cubic"));
	both_stay(_metadata);
	close(after);
	both_go(_metadata);
}

/* A namespace that goes lets its default go. */
TEST_F(cc_module, namespace_goes)
{
	int ours = LAB_FD(lab_netns_fd());

	LAB_OK(lab_netns_new());
	LAB_OK(lab_sysctl_set(&self->lab, "congestion_control", "fixed"));
	both_stay(_metadata);
	LAB_OK(lab_netns_enter(ours));
	both_go(_metadata);
}

/* As with Linux's, the module is looked for by name; but who may not load modules gets none. */
TEST_F(cc_module, loaded_when_asked_for)
{
	int fd = LAB_FD(lab_socket(&self->lab, 0));
	FILE *f;

	ASSERT_EQ(0, lab_module_remove("tcplab_fixed"));
	f = fopen(SCRIPT, "w");
	ASSERT_NE(NULL, f);
	fprintf(f, "#!/bin/sh\n[ \"$3\" = tcplab_fixed ] && /sbin/insmod %s\n", example);
	fclose(f);
	ASSERT_EQ(0, chmod(SCRIPT, 0755));
	LAB_OK(lab_write_file(MODPROBE, SCRIPT));

	LAB_ERRNO(ENOENT, choose(fd, "unheard"));
	ASSERT_EQ(0, choose(fd, "fixed"));
	EXPECT_STREQ("fixed", chosen(fd));
	close(fd);
	ASSERT_EQ(0, lab_module_remove("tcplab_fixed"));
	LAB_OK(lab_sysctl_set(&self->lab, "congestion_control", "fixed"));
	LAB_OK(lab_sysctl_set(&self->lab, "congestion_control", "reno"));
	ASSERT_EQ(0, lab_module_remove("tcplab_fixed"));

	fd = LAB_FD(lab_socket(&self->lab, 0));
	ASSERT_EQ(0, setresuid(-1, 65534, -1));
	LAB_ERRNO(ENOENT, choose(fd, "fixed"));
	ASSERT_EQ(0, setresuid(-1, 0, -1));
	close(fd);
	EXPECT_TRUE(LAB_UNTIL(!lab_module_remove("tcplab")));
}

TEST_HARNESS_MAIN
