// SPDX-License-Identifier: GPL-2.0
/*
 * Readers of every file of procfs, in pieces of all sizes, and writers of settings, while
 * connections come and go. What is read is whole, and what is written keeps nobody from working.
 */
#include "harness.h"
#include "storm.h"

#include <dirent.h>
#include <netinet/tcp.h>

LAB_FIXTURE(storm_views);

enum { FILES_MAX = 16, TALKERS = 3 };

struct views {
	struct lab *lab;
	int nfiles, rounds;
	char file[FILES_MAX][300];
};

static void find_files(struct views *v)
{
	static const char * const tcp[] = { "tcp", "tcp6", "snmp", "netstat", "sockstat" };
	struct dirent *entry;
	unsigned int i;
	DIR *dir;

	v->nfiles = 0;
	if (v->lab->oracle) {
		for (i = 0; i < ARRAY_SIZE(tcp); i++)
			sprintf(v->file[v->nfiles++], "/proc/net/%s", tcp[i]);
		return;
	}
	dir = opendir("/proc/net/tcplab");
	while (dir && v->nfiles < FILES_MAX && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			sprintf(v->file[v->nfiles++], "/proc/net/tcplab/%s", entry->d_name);
	if (dir)
		closedir(dir);
}

/* The lines of "tcp" go at least up to the reference count: one that is torn does not. */
static int check_lines(const char *path, char *text)
{
	size_t width = strstr(path, "/tcp6") ? 150 : 140;
	char *line, *save;

	if (strcmp(strrchr(path, '/'), "/tcp") && strcmp(strrchr(path, '/'), "/tcp6"))
		return 0;
	strtok_r(text, "\n", &save);
	while ((line = strtok_r(NULL, "\n", &save)))
		if (strlen(line) < width)
			return lab_fail("%s: a line of %zu characters: '%s'", path, strlen(line),
					line);
	return 0;
}

static int read_file(struct hand *h, const char *path)
{
	size_t len = 0, size = 1 << 18;
	char *text = malloc(size);
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret = 0;
	ssize_t n;

	if (fd < 0) {
		free(text);
		return lab_fail("%s: %s", path, strerror(errno));
	}
	do {
		/* now and then begin anew, or jump */
		if (!hand_random(h, 50)) {
			len = 0;
			lseek(fd, 0, SEEK_SET);
		}
		n = read(fd, text + len, 1 + hand_random(h, 4000));
		if (n > 0)
			len += n;
	} while (n > 0 && len + 4001 < size);
	text[len] = 0;
	if (n < 0)
		ret = lab_fail("%s: read: %s", path, strerror(errno));
	else if (!len)
		ret = lab_fail("%s is empty", path);
	else
		ret = check_lines(path, text);
	close(fd);
	free(text);
	return ret;
}

static int look(struct hand *h)
{
	struct views *v = h->arg;
	int i = h->no;

	while (hand_goes_on(h))
		if (read_file(h, v->file[i++ % v->nfiles]))
			return -1;
	return 0;
}

/* Values between which a setting goes to and fro without an end to all connections. */
static const struct setting {
	bool tcp;		/* the kernel's TCP has it, too */
	const char *name, *value[2];
} settings[] = {
	{ true, "timestamps", { "0", "1" } },
	{ true, "sack", { "0", "1" } },
	{ true, "window_scaling", { "0", "1" } },
	{ true, "fin_timeout", { "1", "60" } },
	{ true, "syn_retries", { "5", "6" } },
	{ true, "retries2", { "14", "15" } },
	{ true, "max_syn_backlog", { "100", "500" } },
	{ true, "max_tw_buckets", { "3", "1000" } },
	{ true, "keepalive_time", { "10", "7200" } },
	{ true, "rmem", { "4096 20000 100000", "4096 131072 6000000" } },
	{ true, "wmem", { "4096 8000 50000", "4096 16384 4000000" } },
	{ true, "congestion_control", { "reno", "cubic" } },
	{ false, "msl_ms", { "1", "30000" } },
	{ false, "rto_min_ms", { "20", "200" } },
	{ false, "rto_init_ms", { "100", "1000" } },
	{ false, "delack_min_ms", { "5", "40" } },
	{ false, "delack_max_ms", { "50", "200" } },
	{ false, "initial_cwnd", { "1", "10" } },
};

static int turn(struct hand *h)
{
	struct views *v = h->arg;
	char path[100];

	while (hand_goes_on(h)) {
		const struct setting *s =
			&settings[hand_random(h, ARRAY_SIZE(settings))];

		if (v->lab->oracle && !s->tcp)
			continue;
		snprintf(path, sizeof(path), "/proc/sys/net/%s%s",
			 v->lab->oracle ? "ipv4/tcp_" : "tcplab/", s->name);
		if (lab_write_file(path, s->value[hand_random(h, 2)]))
			return -1;
		if (read_file(h, path))
			return -1;
	}
	return 0;
}

static int talk(struct hand *h)
{
	struct views *v = h->arg;
	struct tcp_info info;
	socklen_t len;
	int i, n, fd[2], port;

	for (i = 0; i < v->rounds && hand_goes_on(h); i++) {
		if (lab_pair(v->lab, fd))
			return -1;
		port = lab_port(fd[0]);
		for (n = 0; n < 5; n++) {
			len = sizeof(info);
			if (lab_send(fd[n & 1], port, 0, 4000) ||
			    lab_recv(fd[~n & 1], port, 0, 4000))
				return -1;
			if (getsockopt(fd[n & 1], IPPROTO_TCP, TCP_INFO, &info, &len))
				return lab_fail("TCP_INFO: %s", strerror(errno));
			if (info.tcpi_state != TCP_ESTABLISHED || !info.tcpi_snd_mss ||
			    !info.tcpi_snd_cwnd)
				return lab_fail("TCP_INFO: state %u, mss %u, cwnd %u",
						info.tcpi_state, info.tcpi_snd_mss,
						info.tcpi_snd_cwnd);
		}
		close(fd[i & 1]);
		close(fd[~i & 1]);
	}
	return 0;
}

TEST_F_TIMEOUT(storm_views, readers_and_writers, lab_secs(60))
{
	struct views v = { .lab = &self->lab, .rounds = storm_rounds(30) };
	static struct crew talkers, others;

	find_files(&v);
	ASSERT_LE(5, v.nfiles);
	crew_init(&talkers, &self->lab);
	crew_init(&others, &self->lab);
	LAB_OK(crew_add(&others, look, &v, 2));
	LAB_OK(crew_add(&others, turn, &v, 1));
	LAB_OK(crew_add(&talkers, talk, &v, TALKERS));
	LAB_OK(crew_join(&talkers));
	LAB_OK(crew_stop(&others));
}

TEST_HARNESS_MAIN
