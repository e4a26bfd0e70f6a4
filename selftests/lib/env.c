// SPDX-License-Identifier: GPL-2.0
/*
 * The environment a test runs in: which protocols it may use, and the counters, sysctls and
 * connection tables it looks at. Each is found under the same name for either protocol.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/utsname.h>

#include "lab.h"

static _Thread_local char why[1024];

/* The words that belong to the last failure, of this thread. */
const char *lab_why(void)
{
	return why;
}

/**
 * lab_fail() - note what went wrong
 * @fmt: as printf()'s
 *
 * Return: always -1, so that a helper can end with it.
 */
int lab_fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	return -1;
}

static int env_int(const char *name, int otherwise)
{
	const char *s = getenv(name);

	return s && *s ? atoi(s) : otherwise;
}

/* The factor on all time-outs, at least 1. */
int lab_slow(void)
{
	int n = env_int("TCPLAB_SLOW", 1);

	return n < 1 ? 1 : n;
}

/* A time limit in seconds, times TCPLAB_SLOW. */
int lab_secs(int seconds)
{
	return seconds * lab_slow();
}

/**
 * lab_begin() - make the ground of one run: a namespace of its own with lo up
 * @lab:	filled in
 * @family:	AF_INET or AF_INET6
 * @tcplab:	false for the kernel's TCP
 *
 * Return: LAB_READY; LAB_SKIP or LAB_FAIL with the reason in lab_why().
 */
int lab_begin(struct lab *lab, int family, bool tcplab)
{
	int only = env_int("TCPLAB_PROTO", 0);
	int fd, err;

	lab->family = family;
	lab->proto = tcplab ? env_int("TCPLAB_PROTOCOL", LAB_PROTOCOL) : IPPROTO_TCP;
	lab->oracle = !tcplab;

	/* a broken pipe is an errno here, and a test of its own elsewhere */
	signal(SIGPIPE, SIG_IGN);

	if (only && (only == IPPROTO_TCP ? tcplab : !tcplab)) {
		lab_fail("TCPLAB_PROTO=%d leaves protocol %d out", only, lab->proto);
		return LAB_SKIP;
	}

	fd = socket(family, SOCK_STREAM, lab->proto);
	err = errno;
	if (fd < 0) {
		lab_fail("socket(%s, SOCK_STREAM, %d): %s", family == AF_INET ? "AF_INET" :
			 "AF_INET6", lab->proto, strerror(err));
		if (err == EPROTONOSUPPORT && !env_int("TCPLAB_EXPECT_ALL", 0))
			return LAB_SKIP;
		return LAB_FAIL;
	}
	close(fd);

	if (lab_netns_new())
		return LAB_FAIL;
	return LAB_READY;
}

/* As lab_begin(), for a test of what only tcplab has. */
int lab_only_tcplab(struct lab *lab, int family)
{
	return lab_begin(lab, family, true);
}

/**
 * lab_keep_stamps() - let the kernel stamp what it receives, until this process ends
 *
 * The first socket that wants time stamps, and the last that no longer does, have the kernel's code
 * patched. An emulated processor may meet such an instruction when it is half done, once in some
 * thousand times, and stops: so programs that switch stamps on and off keep them on beside.
 */
void lab_keep_stamps(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMP, &on, sizeof(on));
}

/**
 * lab_asleep() - does a process wait for something, in a call that a signal would end?
 * @pid: process
 */
bool lab_asleep(pid_t pid)
{
	char path[50], stat[500], *end;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (lab_read_file(path, stat, sizeof(stat)) < 0)
		return false;
	end = strrchr(stat, ')');		/* the name may hold anything */
	return end && end[1] == ' ' && end[2] == 'S';
}

/**
 * lab_read_file() - read a small file whole
 * @path: the file
 * @buf:  where to, always ended with NUL
 * @size: of @buf
 *
 * Return: its length, or -1.
 */
int lab_read_file(const char *path, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return lab_fail("%s: %s", path, strerror(errno));
	while (len < size - 1 && (n = read(fd, buf + len, size - 1 - len)) > 0)
		len += n;
	close(fd);
	buf[len] = 0;
	return len;
}

int lab_write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return lab_fail("%s: %s", path, strerror(errno));
	n = write(fd, text, strlen(text));
	if (n != (ssize_t)strlen(text))
		lab_fail("%s: writing '%s': %s", path, text, strerror(errno));
	close(fd);
	return n == (ssize_t)strlen(text) ? 0 : -1;
}

/* One of the paired lines "Tcp: Name ..." / "Tcp: value ..." of snmp and netstat. */
static long long paired_counter(const char *path, const char *prefix, const char *name)
{
	char *names = NULL, *line, *save_n, *save_v, *n, *v, *next;
	static char buf[32768];

	if (lab_read_file(path, buf, sizeof(buf)) < 0)
		return -1;
	for (line = buf; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = 0;
		if (strncmp(line, prefix, strlen(prefix)))
			continue;
		if (!names) {
			names = line;
			continue;
		}
		n = strtok_r(names, " ", &save_n);
		v = strtok_r(line, " ", &save_v);
		while (n && v) {
			if (!strcmp(n, name))
				return strtoll(v, NULL, 10);
			n = strtok_r(NULL, " ", &save_n);
			v = strtok_r(NULL, " ", &save_v);
		}
		names = NULL;
	}
	return -1;
}

/**
 * lab_counter() - one counter of this namespace
 * @lab:  says of which protocol
 * @name: as in /proc/net/snmp (Tcp) or /proc/net/netstat (TcpExt)
 *
 * Return: its value, or -1 when there is none of that name.
 */
long long lab_counter(const struct lab *lab, const char *name)
{
	static char buf[32768];
	char found[64];
	long long value;
	char *line;

	if (lab->oracle) {
		value = paired_counter("/proc/net/snmp", "Tcp: ", name);
		if (value < 0)
			value = paired_counter("/proc/net/netstat", "TcpExt: ", name);
		if (value < 0)
			lab_fail("the kernel's TCP has no counter %s", name);
		return value;
	}
	if (lab_read_file("/proc/net/tcplab/counters", buf, sizeof(buf)) < 0)
		return -1;
	for (line = strtok(buf, "\n"); line; line = strtok(NULL, "\n"))
		if (sscanf(line, "%63s %lld", found, &value) == 2 && !strcmp(found, name))
			return value;
	return lab_fail("/proc/net/tcplab/counters has no %s", name);
}

/* net.ipv4.tcp_NAME, or net.tcplab.NAME. */
const char *lab_sysctl_path(const struct lab *lab, const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "/proc/sys/net/%s%s", lab->oracle ? "ipv4/tcp_" : "tcplab/",
		 name);
	return path;
}

long lab_sysctl(const struct lab *lab, const char *name)
{
	char buf[64];

	if (lab_read_file(lab_sysctl_path(lab, name), buf, sizeof(buf)) < 0)
		return -1;
	return strtol(buf, NULL, 10);
}

int lab_sysctl_set(const struct lab *lab, const char *name, const char *value)
{
	return lab_write_file(lab_sysctl_path(lab, name), value);
}

/**
 * lab_conn_state() - the state of one connection, as the tables of this namespace show it
 * @lab:   the protocol and family
 * @lport: local port
 * @rport: remote port; 0 for a listener
 *
 * Return: the kernel's number of the state (6 is TIME_WAIT), 0 when there is no such entry, -1 when
 * the table cannot be read.
 */
int lab_conn_state(const struct lab *lab, int lport, int rport)
{
	unsigned int lp, rp, st;
	char path[64], *line, *save;
	static char buf[1 << 18];

	snprintf(path, sizeof(path), "/proc/net/%stcp%s", lab->oracle ? "" : "tcplab/",
		 lab->family == AF_INET6 ? "6" : "");
	if (lab_read_file(path, buf, sizeof(buf)) < 0)
		return -1;
	for (line = strtok_r(buf, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, " %*d: %*[0-9A-F]:%x %*[0-9A-F]:%x %x", &lp, &rp, &st) != 3)
			continue;
		if (lp == (unsigned int)lport && rp == (unsigned int)rport)
			return st;
	}
	return 0;
}

/* Is this kernel that version of Linux, or a later one? */
bool lab_kernel(int major, int minor)
{
	struct utsname u;
	char *dot;
	long is;

	uname(&u);
	is = strtol(u.release, &dot, 10);
	return is > major || (is == major && strtol(dot + 1, NULL, 10) >= minor);
}
