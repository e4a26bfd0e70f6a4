// SPDX-License-Identifier: GPL-2.0
/*
 * What a person reads: /proc/net/tcplab, net.tcplab and events/tcplab. Only tcplab has these, so
 * there is no oracle, but for the files in the format of /proc/net/tcp.
 */
#include "harness.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <netinet/tcp.h>

FIXTURE(procfs) { struct lab lab; };
FIXTURE_VARIANT(procfs) { int family; };
FIXTURE_VARIANT_ADD(procfs, lab_v4) { AF_INET };
FIXTURE_VARIANT_ADD(procfs, lab_v6) { AF_INET6 };
FIXTURE_SETUP(procfs) { __LAB_VERDICT(lab_only_tcplab(&self->lab, variant->family)) }
FIXTURE_TEARDOWN(procfs) { }

static char text[1 << 18];

static const char *read_proc(struct __test_metadata *_metadata, const char *name)
{
	char path[100];

	snprintf(path, sizeof(path), "/proc/net/tcplab/%s", name);
	LAB_OK(lab_read_file(path, text, sizeof(text)));
	return text;
}

static int lines(const char *s)
{
	int n = 0;

	while ((s = strchr(s, '\n'))) {
		s++;
		n++;
	}
	return n;
}

/* Each file begins with a line that names its columns, and is there before anything happens. */
TEST_F(procfs, files_have_headers)
{
	static const char * const ground[] = {
		"connections", "listeners", "counters", "tcp", "tcp6",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ground); i++) {
		read_proc(_metadata, ground[i]);
		EXPECT_LE(1, lines(text))
			TH_LOG("%s has no header", ground[i]);
		EXPECT_TRUE(strspn(text, " \t\n0123456789") < strcspn(text, "\n"))
			TH_LOG("%s: the first line names nothing", ground[i]);
	}
}

/* These three come with the floors above; where they are, they have headers as well. */
TEST_F(procfs, later_files_have_headers)
{
	static const char * const later[] = { "requests", "timewait", "transitions" };
	unsigned int i, there = 0;
	char path[100];

	for (i = 0; i < ARRAY_SIZE(later); i++) {
		snprintf(path, sizeof(path), "/proc/net/tcplab/%s", later[i]);
		if (access(path, R_OK))
			continue;
		there++;
		read_proc(_metadata, later[i]);
		EXPECT_LE(1, lines(text));
	}
	if (there < ARRAY_SIZE(later))
		SKIP(return, "%u of 3 are there", there);
}

/* The header line, column by column, and the length of the lines, as in /proc/net/tcp */
TEST_F(procfs, same_format_as_tcp)
{
	bool six = self->lab.family == AF_INET6;
	struct lab tcp = self->lab;
	static char theirs[65536];
	const char *mine;
	char *a, *b;

	tcp.proto = IPPROTO_TCP;
	tcp.oracle = true;
	LAB_FD(lab_listen(&tcp, 5555, 1));
	LAB_FD(lab_listen(&self->lab, 5555, 1));
	LAB_OK(lab_read_file(six ? "/proc/net/tcp6" : "/proc/net/tcp", theirs, sizeof(theirs)));
	mine = read_proc(_metadata, six ? "tcp6" : "tcp");
	ASSERT_EQ(2, lines(theirs));
	ASSERT_EQ(2, lines(mine));
	a = strchr(theirs, '\n');
	b = strchr(mine, '\n');
	EXPECT_EQ(0, strncmp(theirs, mine, a - theirs + 1))
		TH_LOG("the header differs");
	/* up to and with "tx_queue rx_queue tr tm->when retrnsmt uid timeout" all must be equal */
	EXPECT_EQ(0, strncmp(a + 1, b + 1, strcspn(a + 1, ":") + 1));
	EXPECT_EQ(0, strncmp(strchr(a + 1, ':'), strchr(b + 1, ':'), six ? 140 - 6 : 80 - 6))
		TH_LOG("theirs: %s  mine: %s", a + 1, b + 1);
}

/* The inode in a line is that of the socket; fuser and ss find programs by it. */
TEST_F(procfs, addresses_state_inode)
{
	bool six = self->lab.family == AF_INET6;
	unsigned long long ino_l = 0, ino_c = 0;
	unsigned int lport, rport, st;
	unsigned long long inode;
	char laddr[40], raddr[40];
	struct stat sl, sc;
	char *line;
	int l, fd;

	l = LAB_FD(lab_listen(&self->lab, 0, 4));
	fd = LAB_FD(lab_connect_to(&self->lab, lab_port(l)));
	LAB_FD(accept(l, NULL, NULL));
	ASSERT_EQ(0, fstat(l, &sl));
	ASSERT_EQ(0, fstat(fd, &sc));

	read_proc(_metadata, six ? "tcp6" : "tcp");
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		if (sscanf(line, " %*d: %39[0-9A-F]:%x %39[0-9A-F]:%x %x %*s %*s %*s %*d %*d %llu",
			   laddr, &lport, raddr, &rport, &st, &inode) != 6)
			continue;
		EXPECT_STREQ(six ? "00000000000000000000000001000000" : "0100007F", laddr);
		if ((int)lport == lab_port(l) && !rport) {
			EXPECT_EQ(TCP_LISTEN, st);
			EXPECT_EQ(strlen(raddr), strspn(raddr, "0"));
			ino_l = inode;
		}
		if ((int)lport == lab_port(fd)) {
			EXPECT_EQ(lab_port(l), rport);
			EXPECT_EQ(TCP_ESTABLISHED, st);
			EXPECT_STREQ(laddr, raddr);
			ino_c = inode;
		}
	}
	EXPECT_EQ(sl.st_ino, ino_l);
	EXPECT_EQ(sc.st_ino, ino_c);
}

/* A connection shows in connections, a listener in listeners, in no other namespace. */
TEST_F(procfs, per_namespace)
{
	int fd[2], l, before_c, before_l;

	before_c = lines(read_proc(_metadata, "connections"));
	before_l = lines(read_proc(_metadata, "listeners"));
	l = LAB_FD(lab_listen(&self->lab, 0, 4));
	EXPECT_EQ(before_l + 1, lines(read_proc(_metadata, "listeners")));
	close(l);
	LAB_OK(lab_pair(&self->lab, fd));
	EXPECT_EQ(before_c + 2, lines(read_proc(_metadata, "connections")));
	LAB_OK(lab_netns_new());
	EXPECT_EQ(before_c, lines(read_proc(_metadata, "connections")));
	EXPECT_EQ(before_l, lines(read_proc(_metadata, "listeners")));
}

/* Columns that loss recovery has at the end: of a connection that lost nothing they are known. */
TEST_F(procfs, recovery_columns)
{
	static const char names[] = "ecn lost sacked again pipe reorder pacing_Bps arrive_Bps "
				    "min_rtt_us delivered";
	char header[800], *line, *last[10], *word;
	unsigned long long v[9];
	int fd[2], n, i, seen = 0;

	LAB_OK(lab_pair(&self->lab, fd));
	ASSERT_EQ(5, send(fd[0], "hello", 5, 0));
	EXPECT_TRUE(LAB_UNTIL(strstr(read_proc(_metadata, "connections"), "        5\n") ||
			      strstr(text, "        6\n")));
	/* one blank between the names, and the last of them are these */
	n = 0;
	line = strtok(text, "\n");
	for (i = 0; line[i]; i++)
		if (line[i] != ' ' || (i && line[i - 1] != ' '))
			header[n++] = line[i];
	header[n] = 0;
	ASSERT_LT(sizeof(names), n);
	EXPECT_STREQ(names, header + n - (sizeof(names) - 1));

	line = header + n + 1;
	for (line = strtok(NULL, "\n"); line; line = strtok(NULL, "\n")) {
		for (n = 0, word = line + strlen(line); word > line && n < 9; word--)
			if (word[-1] == ' ' && word[0] != ' ')
				last[n++] = word;
		ASSERT_EQ(9, n);
		for (i = 0; i < 9; i++)
			v[i] = strtoull(last[8 - i], NULL, 10);
		EXPECT_EQ(0, v[0] + v[1] + v[2] + v[3])
			TH_LOG("%s", line);
		EXPECT_EQ(3, v[4]);
		EXPECT_LT(0, v[5]);
		EXPECT_LT(0, v[7]);
		/* a clock so coarse that it sees no round trip sees no rate */
		EXPECT_EQ(v[8] > 0, v[6] > 0 || (v[8] && v[7] == 1))
			TH_LOG("%s", line);
		seen += v[8] == 5;
	}
	EXPECT_EQ(1, seen);
}

/* Counters: "Name value", and they count, in their own namespace only. */
TEST_F(procfs, counters)
{
	long long opens = lab_counter(&self->lab, "ActiveOpens"), in, out;
	char name[64], *line;
	long long value;
	int fd[2];

	ASSERT_LE(0, opens)
		TH_LOG("%s", lab_why());
	in = lab_counter(&self->lab, "InSegs");
	out = lab_counter(&self->lab, "OutSegs");
	LAB_OK(lab_pair(&self->lab, fd));
	EXPECT_EQ(opens + 1, lab_counter(&self->lab, "ActiveOpens"));
	EXPECT_EQ(1, lab_counter(&self->lab, "PassiveOpens"));
	EXPECT_LE(in + 3, lab_counter(&self->lab, "InSegs"));
	EXPECT_LE(out + 3, lab_counter(&self->lab, "OutSegs"));

	read_proc(_metadata, "counters");
	line = strtok(text, "\n");
	while ((line = strtok(NULL, "\n")))
		EXPECT_EQ(2, sscanf(line, "%63s %lld", name, &value))
			TH_LOG("not \"Name value\": %s", line);
	LAB_OK(lab_netns_new());
	EXPECT_EQ(0, lab_counter(&self->lab, "ActiveOpens"));
}

/* Each sysctl that the kernel's TCP has, too, begins with the same value. (No syncookies yet.) */
TEST_F(procfs, sysctl_defaults)
{
	static const char * const names[] = {
		"syn_retries", "synack_retries", "fin_timeout", "abort_on_overflow", "sack",
		"timestamps", "window_scaling", "retries2", "rmem", "wmem", "max_syn_backlog",
		"max_tw_buckets",
	};
	char theirs[200], mine[200];
	struct lab tcp = self->lab;
	unsigned int i;

	tcp.oracle = true;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		LAB_OK(lab_read_file(lab_sysctl_path(&tcp, names[i]), theirs, sizeof(theirs)));
		if (lab_read_file(lab_sysctl_path(&self->lab, names[i]), mine, sizeof(mine)) < 0) {
			EXPECT_TRUE(false)
				TH_LOG("%s", lab_why());
			continue;
		}
		EXPECT_STREQ(theirs, mine)
			TH_LOG("net.tcplab.%s", names[i]);
	}
}

/* A sysctl belongs to its namespace, and refuses what makes no sense. */
TEST_F(procfs, sysctl_per_namespace)
{
	LAB_OK(lab_sysctl_set(&self->lab, "syn_retries", "3"));
	EXPECT_EQ(3, lab_sysctl(&self->lab, "syn_retries"));
	EXPECT_GT(0, lab_sysctl_set(&self->lab, "syn_retries", "100000"));
	EXPECT_GT(0, lab_sysctl_set(&self->lab, "syn_retries", "0"));
	EXPECT_EQ(3, lab_sysctl(&self->lab, "syn_retries"));
	EXPECT_LT(0, lab_sysctl(&self->lab, "msl_ms"));
	LAB_OK(lab_netns_new());
	EXPECT_EQ(6, lab_sysctl(&self->lab, "syn_retries"));
}

/* The tracepoints are where the tools look for them. */
TEST_F(procfs, tracepoints)
{
	if (access("/sys/kernel/tracing/events", F_OK))
		mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL);
	if (access("/sys/kernel/tracing/events", F_OK))
		SKIP(return, "no tracefs here");
	EXPECT_EQ(0, access("/sys/kernel/tracing/events/tcplab", F_OK));
}

TEST_HARNESS_MAIN
