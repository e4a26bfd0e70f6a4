// SPDX-License-Identifier: GPL-2.0
/*
 * Segments for a socket that a program holds, inside of a call, wait in its backlog: as many as its
 * buffers would take, and no more. When the program lets go they are dealt with, and the connection
 * goes on as if they had come then.
 *
 * What holds the socket here is send() from a page that is not there (userfaultfd).
 */
#include <linux/sock_diag.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "harness.h"
#include "wire.h"

#define MANY	600
#define TEXT	100

WIRE_FIXTURE(held_socket);

struct holder {
	pthread_t thread;
	int fd;			/* socket */
	int faults;
	void *page;
	size_t size;
	ssize_t sent;
};

static void *hold(void *arg)
{
	struct holder *h = arg;

	h->sent = send(h->fd, h->page, h->size, MSG_NOSIGNAL);
	return NULL;
}

/* Return: 0 when the socket is held, or -1 with the reason. */
static int holder_begin(struct holder *h, int fd)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	h->fd = fd;
	h->size = sysconf(_SC_PAGESIZE);
	h->faults = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	h->page = mmap(NULL, h->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (h->faults < 0 || h->page == MAP_FAILED)
		return lab_fail("userfaultfd or mmap: %s", strerror(errno));
	reg.range.start = (unsigned long)h->page;
	reg.range.len = h->size;
	if (ioctl(h->faults, UFFDIO_API, &api) || ioctl(h->faults, UFFDIO_REGISTER, &reg))
		return lab_fail("UFFDIO_*: %s", strerror(errno));
	if (pthread_create(&h->thread, NULL, hold, h))
		return lab_fail("no thread");
	if (!lab_poll(h->faults, POLLIN, 10000))
		return lab_fail("send() does not look at its page");
	return 0;
}

/* Let send() have its page. Return: what it did. */
static ssize_t holder_end(struct holder *h)
{
	char *page = malloc(h->size);
	struct uffdio_copy copy = {
		.dst = (unsigned long)h->page, .src = (unsigned long)page, .len = h->size,
	};

	if (!page)
		return lab_fail("no memory");
	lab_fill(page, LAB_TO_PEER, 0, h->size);
	if (ioctl(h->faults, UFFDIO_COPY, &copy))
		return lab_fail("UFFDIO_COPY: %s", strerror(errno));
	pthread_join(h->thread, NULL);
	free(page);
	close(h->faults);
	munmap(h->page, h->size);
	return h->sent;
}

static unsigned int meminfo(int fd, int what)
{
	unsigned int mem[SK_MEMINFO_VARS] = { };
	socklen_t len = sizeof(mem);

	return getsockopt(fd, SOL_SOCKET, SO_MEMINFO, mem, &len) ? 0 : mem[what];
}

/* Nothing is looked at before the program lets go; then all is, in the order in which it came. */
TEST_F(held_socket, waits)
{
	struct holder h = { };
	int fd = wire_accept(w);

	LAB_OK(holder_begin(&h, fd));
	wire_inject(w, ACK, .seq = 1, .len = TEXT);
	wire_inject(w, ACK, .seq = 1 + TEXT, .len = TEXT);
	EXPECT_LT(0, meminfo(fd, SK_MEMINFO_BACKLOG));
	EXPECT_EQ(0, lab_poll(fd, POLLIN, 0));
	wire_expect_silence(w, 20);
	EXPECT_EQ((ssize_t)h.size, holder_end(&h));
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 2 * TEXT));
	EXPECT_EQ(0, meminfo(fd, SK_MEMINFO_BACKLOG));
}

/* The same segment again and again: what does not fit is dropped, and counted. */
TEST_F(held_socket, bounded)
{
	long long dropped = lab_counter(&w->lab, "TCPBacklogDrop");
	struct holder h = { };
	unsigned int most;
	int fd, i;

	LAB_FD(wire_listen(w, 1));
	LAB_OK(lab_set_opt(w->lfd, SOL_SOCKET, SO_RCVBUF, 8192));
	LAB_OK(lab_set_opt(w->lfd, SOL_SOCKET, SO_SNDBUF, 8192));
	fd = wire_accept(w);
	most = 2 * meminfo(fd, SK_MEMINFO_RCVBUF) + meminfo(fd, SK_MEMINFO_SNDBUF) + (64 << 10);
	LAB_OK(holder_begin(&h, fd));
	for (i = 0; i < MANY; i++)
		wire_inject(w, ACK, .seq = 1, .len = TEXT);
	EXPECT_LT(0, meminfo(fd, SK_MEMINFO_BACKLOG));
	EXPECT_GE(most + 4096, meminfo(fd, SK_MEMINFO_BACKLOG));
	dropped = lab_counter(&w->lab, "TCPBacklogDrop") - dropped;
	EXPECT_LT(0, dropped);
	EXPECT_GT(MANY, dropped);
	EXPECT_EQ((ssize_t)h.size, holder_end(&h));

	/* it goes on */
	wire_take_stream(w, 1 + (long)h.size);
	wire_inject(w, ACK, .seq = 1 + TEXT, .len = TEXT);
	wire_await_ack(w, 1 + 2 * TEXT);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 2 * TEXT));
}

/* A connection that ends while its segments wait: the program is told, and nothing stays. */
TEST_F(held_socket, reset_in_there)
{
	struct holder h = { };
	int fd = wire_accept(w);

	LAB_OK(holder_begin(&h, fd));
	wire_inject(w, ACK, .seq = 1, .len = TEXT);
	wire_inject(w, RST, .seq = 1 + TEXT);
	wire_inject(w, ACK, .seq = 1 + TEXT, .len = TEXT);
	EXPECT_EQ((ssize_t)h.size, holder_end(&h));
	EXPECT_EQ(ECONNRESET, lab_so_error(fd));
	EXPECT_EQ(0, meminfo(fd, SK_MEMINFO_BACKLOG));
}

TEST_HARNESS_MAIN
