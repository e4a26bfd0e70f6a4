// SPDX-License-Identifier: GPL-2.0
/* io_uring: sockets driven by a ring, by the system calls themselves. */
#define _GNU_SOURCE
#include "harness.h"

#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#define ENTRIES	32

struct ring {
	int fd;
	unsigned int *sq_tail, *sq_array, sq_mask;
	unsigned int *cq_head, *cq_tail, cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
	unsigned int queued;
};

FIXTURE(io_uring) { struct lab lab; int fd[2]; struct ring r; };
LAB_VARIANTS(io_uring);

static int ring_open(struct ring *r)
{
	struct io_uring_params p = { };
	size_t sq, cq;
	uint8_t *m;

	r->fd = syscall(__NR_io_uring_setup, ENTRIES, &p);
	if (r->fd < 0)
		return lab_fail("io_uring_setup: %s", strerror(errno));
	sq = p.sq_off.array + p.sq_entries * sizeof(unsigned int);
	cq = p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe);
	m = mmap(NULL, sq > cq ? sq : cq, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd,
		 IORING_OFF_SQ_RING);
	r->sqes = mmap(NULL, p.sq_entries * sizeof(*r->sqes), PROT_READ | PROT_WRITE, MAP_SHARED,
		       r->fd, IORING_OFF_SQES);
	if (m == MAP_FAILED || r->sqes == MAP_FAILED || !(p.features & IORING_FEAT_SINGLE_MMAP))
		return lab_fail("mapping a ring: %s", strerror(errno));
	r->sq_tail = (void *)(m + p.sq_off.tail);
	r->sq_array = (void *)(m + p.sq_off.array);
	r->sq_mask = p.sq_entries - 1;
	r->cq_head = (void *)(m + p.cq_off.head);
	r->cq_tail = (void *)(m + p.cq_off.tail);
	r->cq_mask = p.cq_entries - 1;
	r->cqes = (void *)(m + p.cq_off.cqes);
	return 0;
}

FIXTURE_SETUP(io_uring)
{
	LAB_BEGIN(&self->lab);
	signal(SIGPIPE, SIG_IGN);
	LAB_OK(lab_pair(&self->lab, self->fd));
	LAB_OK(ring_open(&self->r));
}

FIXTURE_TEARDOWN(io_uring) { }

static struct io_uring_sqe *prepare(struct ring *r, int op, int fd, const void *buf, size_t len,
				    uint64_t id)
{
	unsigned int tail = __atomic_load_n(r->sq_tail, __ATOMIC_ACQUIRE);
	struct io_uring_sqe *s = &r->sqes[tail & r->sq_mask];

	memset(s, 0, sizeof(*s));
	s->opcode = op;
	s->fd = fd;
	s->addr = (uintptr_t)buf;
	s->len = len;
	s->user_data = id;
	r->sq_array[tail & r->sq_mask] = tail & r->sq_mask;
	__atomic_store_n(r->sq_tail, tail + 1, __ATOMIC_RELEASE);
	r->queued++;
	return s;
}

static int submit(struct ring *r)
{
	int n = syscall(__NR_io_uring_enter, r->fd, r->queued, 0, 0, NULL, 0);

	if (n != r->queued)
		return lab_fail("io_uring_enter: %d: %s", n, strerror(errno));
	r->queued = 0;
	return 0;
}

/* A completion, if there is one */
static bool completed(struct ring *r, struct io_uring_cqe *c)
{
	unsigned int head = __atomic_load_n(r->cq_head, __ATOMIC_ACQUIRE);

	syscall(__NR_io_uring_enter, r->fd, 0, 0, IORING_ENTER_GETEVENTS, NULL, 0);
	if (head == __atomic_load_n(r->cq_tail, __ATOMIC_ACQUIRE))
		return false;
	*c = r->cqes[head & r->cq_mask];
	__atomic_store_n(r->cq_head, head + 1, __ATOMIC_RELEASE);
	return true;
}

static int complete(struct ring *r, struct io_uring_cqe *c)
{
	if (LAB_UNTIL(completed(r, c)))
		return 0;
	return lab_fail("nothing completes");
}

/* One request, from its submission to its completion: the result. */
static int one(struct ring *r, struct io_uring_cqe *c)
{
	if (submit(r) || complete(r, c))
		return -ETIME;
	return c->res;
}

static bool readable(int fd, int bytes)
{
	int n = 0;

	return !ioctl(fd, FIONREAD, &n) && n >= bytes;
}

TEST_F(io_uring, send_and_recv)
{
	struct io_uring_cqe c;
	uint8_t out[3000], in[3000] = { };

	/* the receive is there first, and waits */
	prepare(&self->r, IORING_OP_RECV, self->fd[1], in, sizeof(in), 1);
	LAB_OK(submit(&self->r));
	EXPECT_FALSE(completed(&self->r, &c));
	lab_fill(out, LAB_TO_PEER, 0, sizeof(out));
	prepare(&self->r, IORING_OP_SEND, self->fd[0], out, sizeof(out), 2);
	LAB_OK(submit(&self->r));
	LAB_OK(complete(&self->r, &c));
	EXPECT_EQ(3000, c.res);
	LAB_OK(complete(&self->r, &c));
	EXPECT_EQ(3000, c.res);
	LAB_OK(lab_verify(in, LAB_TO_PEER, 0, 3000));
}

/* Is there more to be read? */
TEST_F(io_uring, nonempty)
{
	struct io_uring_cqe c;
	uint8_t in[3000];

	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, 0, 3000));
	ASSERT_TRUE(LAB_UNTIL(readable(self->fd[1], 3000)));
	prepare(&self->r, IORING_OP_RECV, self->fd[1], in, 1000, 1);
	ASSERT_EQ(1000, one(&self->r, &c));
	EXPECT_TRUE(c.flags & IORING_CQE_F_SOCK_NONEMPTY);
	prepare(&self->r, IORING_OP_RECV, self->fd[1], in + 1000, 2000, 1);
	ASSERT_EQ(2000, one(&self->r, &c));
	EXPECT_FALSE(c.flags & IORING_CQE_F_SOCK_NONEMPTY);
	LAB_OK(lab_verify(in, LAB_TO_PEER, 0, 3000));
	/* the end counts */
	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, 0, 10));
	shutdown(self->fd[0], SHUT_WR);
	ASSERT_TRUE(LAB_UNTIL(lab_poll(self->fd[1], POLLRDHUP, 0)));
	prepare(&self->r, IORING_OP_RECV, self->fd[1], in, 10, 1);
	ASSERT_EQ(10, one(&self->r, &c));
	EXPECT_TRUE(c.flags & IORING_CQE_F_SOCK_NONEMPTY);
	prepare(&self->r, IORING_OP_RECV, self->fd[1], in, 10, 1);
	ASSERT_EQ(0, one(&self->r, &c));
}

/* MSG_WAITALL sends all, however long it takes. */
TEST_F_TIMEOUT(io_uring, send_all, lab_secs(60))
{
	size_t len = 4 << 20;
	uint8_t *buf = malloc(len);
	struct io_uring_cqe c;

	lab_fill(buf, LAB_TO_PEER, 0, len);
	prepare(&self->r, IORING_OP_SEND, self->fd[0], buf, len, 1)->msg_flags = MSG_WAITALL;
	LAB_OK(submit(&self->r));
	LAB_OK(lab_recv(self->fd[1], LAB_TO_PEER, 0, len));
	LAB_OK(complete(&self->r, &c));
	EXPECT_EQ(len, c.res);
}

/* Without a copy: sent, and then the buffer is free. */
TEST_F(io_uring, send_zc)
{
	struct io_uring_cqe c;
	uint8_t out[20000];

	lab_fill(out, LAB_TO_PEER, 0, sizeof(out));
	prepare(&self->r, IORING_OP_SEND_ZC, self->fd[0], out, sizeof(out), 7);
	ASSERT_EQ(20000, one(&self->r, &c));
	EXPECT_EQ(7, c.user_data);
	ASSERT_TRUE(c.flags & IORING_CQE_F_MORE);
	LAB_OK(complete(&self->r, &c));
	EXPECT_EQ(7, c.user_data);
	EXPECT_EQ(IORING_CQE_F_NOTIF, c.flags);
	memset(out, 0, sizeof(out));
	LAB_OK(lab_recv(self->fd[1], LAB_TO_PEER, 0, 20000));
	/* the error queue is not for these */
	EXPECT_EQ(0, lab_poll(self->fd[0], POLLERR, 0));
}

/* From buffers that the ring has registered */
TEST_F(io_uring, send_zc_fixed)
{
	uint8_t *buf = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);
	struct iovec v = { buf, 1 << 20 };
	struct io_uring_sqe *s;
	struct io_uring_cqe c;
	int i, more = 0;

	ASSERT_EQ(0, syscall(__NR_io_uring_register, self->r.fd, IORING_REGISTER_BUFFERS, &v, 1));
	lab_fill(buf, LAB_TO_PEER, 0, 1 << 20);
	for (i = 0; i < 10; i++) {
		s = prepare(&self->r, IORING_OP_SEND_ZC, self->fd[0], buf + i * 3333, 3333, i);
		s->ioprio = IORING_RECVSEND_FIXED_BUF;
	}
	LAB_OK(submit(&self->r));
	LAB_OK(lab_recv(self->fd[1], LAB_TO_PEER, 0, 33330));
	for (i = 0; i < 10 + more; i++) {
		LAB_OK(complete(&self->r, &c));
		if (!(c.flags & IORING_CQE_F_NOTIF))
			EXPECT_EQ(3333, c.res);
		more += !!(c.flags & IORING_CQE_F_MORE);
	}
	EXPECT_EQ(10, more);
	/* what is written beside them keeps its place */
	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, 33330, 1000));
	s = prepare(&self->r, IORING_OP_SEND_ZC, self->fd[0], buf + 34330, 1000, 1);
	s->ioprio = IORING_RECVSEND_FIXED_BUF;
	LAB_OK(submit(&self->r));
	LAB_OK(lab_recv(self->fd[1], LAB_TO_PEER, 33330, 2000));
	LAB_OK(complete(&self->r, &c));
	EXPECT_EQ(1000, c.res);
	LAB_OK(complete(&self->r, &c));
	EXPECT_TRUE(c.flags & IORING_CQE_F_NOTIF);
}

TEST_F_TIMEOUT(io_uring, send_zc_all, lab_secs(60))
{
	size_t len = 4 << 20;
	uint8_t *buf = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct io_uring_cqe c;

	lab_fill(buf, LAB_TO_PEER, 0, len);
	prepare(&self->r, IORING_OP_SEND_ZC, self->fd[0], buf, len, 1)->msg_flags = MSG_WAITALL;
	LAB_OK(submit(&self->r));
	LAB_OK(lab_recv(self->fd[1], LAB_TO_PEER, 0, len));
	LAB_OK(complete(&self->r, &c));
	EXPECT_EQ(len, c.res);
	ASSERT_TRUE(c.flags & IORING_CQE_F_MORE);
	LAB_OK(complete(&self->r, &c));
	EXPECT_TRUE(c.flags & IORING_CQE_F_NOTIF);
}

/* The ring goes, or the connection does, while buffers are lent. */
TEST_F(io_uring, send_zc_abandoned)
{
	size_t len = 4 << 20;
	uint8_t *buf = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct io_uring_cqe c;
	int fd[2];

	prepare(&self->r, IORING_OP_SEND_ZC, self->fd[0], buf, len, 1)->msg_flags = MSG_WAITALL;
	LAB_OK(submit(&self->r));
	close(self->fd[1]);
	LAB_OK(complete(&self->r, &c));		/* sent in part, or not at all */
	if (c.flags & IORING_CQE_F_MORE)
		LAB_OK(complete(&self->r, &c));

	LAB_OK(lab_pair(&self->lab, fd));
	prepare(&self->r, IORING_OP_SEND_ZC, fd[0], buf, len, 1);
	LAB_OK(submit(&self->r));
	close(self->r.fd);
	close(fd[0]);
	close(fd[1]);
}

TEST_F(io_uring, errors)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 1));
	int fresh = LAB_FD(lab_socket(&self->lab, 0));
	struct linger hard = { .l_onoff = 1 };
	struct io_uring_cqe c;
	uint8_t buf[1000];

	prepare(&self->r, IORING_OP_RECV, listener, buf, 10, 1);
	EXPECT_EQ(-ENOTCONN, one(&self->r, &c));
	prepare(&self->r, IORING_OP_RECV, fresh, buf, 10, 1);
	EXPECT_EQ(-ENOTCONN, one(&self->r, &c));
	prepare(&self->r, IORING_OP_SEND, fresh, buf, 10, 1);
	EXPECT_EQ(-EPIPE, one(&self->r, &c));
	prepare(&self->r, IORING_OP_SEND, self->fd[0], (void *)8, 10, 1);
	EXPECT_EQ(-EFAULT, one(&self->r, &c));
	prepare(&self->r, IORING_OP_SEND_ZC, fresh, buf, 1000, 1);
	EXPECT_EQ(-EPIPE, one(&self->r, &c));
	if (c.flags & IORING_CQE_F_MORE)
		LAB_OK(complete(&self->r, &c));
	prepare(&self->r, IORING_OP_SEND_ZC, self->fd[0], (void *)8, 1000, 1);
	EXPECT_EQ(-EFAULT, one(&self->r, &c));
	if (c.flags & IORING_CQE_F_MORE)
		LAB_OK(complete(&self->r, &c));
	ASSERT_EQ(0, setsockopt(self->fd[0], SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)));
	close(self->fd[0]);
	ASSERT_TRUE(LAB_UNTIL(lab_poll(self->fd[1], POLLERR, 0) & POLLERR));
	prepare(&self->r, IORING_OP_RECV, self->fd[1], buf, 10, 1);
	EXPECT_EQ(-ECONNRESET, one(&self->r, &c));
}

TEST_F(io_uring, connect_accept)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 1));
	int fd = LAB_FD(lab_socket(&self->lab, 0)), peer, i;
	struct sockaddr_storage ss;
	struct io_uring_cqe c;
	socklen_t len = lab_loopback(&self->lab, lab_port(listener), &ss);

	prepare(&self->r, IORING_OP_ACCEPT, listener, NULL, 0, 1);
	LAB_OK(submit(&self->r));
	prepare(&self->r, IORING_OP_CONNECT, fd, &ss, 0, 2)->off = len;
	LAB_OK(submit(&self->r));
	for (i = 0, peer = -1; i < 2; i++) {
		LAB_OK(complete(&self->r, &c));
		EXPECT_LE(0, c.res);
		if (c.user_data == 1)
			peer = c.res;
	}
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 1000));
	LAB_OK(lab_recv(peer, LAB_TO_PEER, 0, 1000));
	prepare(&self->r, IORING_OP_SHUTDOWN, fd, NULL, SHUT_WR, 3);
	EXPECT_EQ(0, one(&self->r, &c));
	LAB_OK(lab_recv_eof(peer));
	/* a child knows how to send without a copy, too */
	prepare(&self->r, IORING_OP_SEND_ZC, peer, memset(malloc(9000), 1, 9000), 9000, 4);
	EXPECT_EQ(9000, one(&self->r, &c));
	LAB_OK(complete(&self->r, &c));
}

TEST_F(io_uring, splice)
{
	struct io_uring_sqe *s;
	struct io_uring_cqe c;
	uint8_t buf[2000];
	int p[2];

	ASSERT_EQ(0, pipe2(p, O_CLOEXEC));
	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, 0, 2000));
	s = prepare(&self->r, IORING_OP_SPLICE, p[1], NULL, 2000, 1);
	s->splice_fd_in = self->fd[1];
	s->splice_off_in = -1;
	s->off = -1;
	ASSERT_EQ(2000, one(&self->r, &c));
	ASSERT_EQ(2000, read(p[0], buf, 2000));
	LAB_OK(lab_verify(buf, LAB_TO_PEER, 0, 2000));
}

TEST_F(io_uring, cancelled)
{
	struct io_uring_cqe c;
	uint8_t in[10] = { };
	int i;

	prepare(&self->r, IORING_OP_RECV, self->fd[1], in, sizeof(in), 5);
	LAB_OK(submit(&self->r));
	prepare(&self->r, IORING_OP_ASYNC_CANCEL, -1, (void *)5, 0, 6);
	LAB_OK(submit(&self->r));
	for (i = 0; i < 2; i++) {
		LAB_OK(complete(&self->r, &c));
		EXPECT_EQ(c.user_data == 5 ? -ECANCELED : 0, c.res);
	}
	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, 0, 10));
	LAB_OK(lab_recv(self->fd[1], LAB_TO_PEER, 0, 10));
}

/* A socket by the ring, and its type and protocol */
TEST_F(io_uring, socket)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 1)), fd, peer;
	struct sockaddr_storage ss;
	struct io_uring_cqe c;
	socklen_t len = lab_loopback(&self->lab, lab_port(listener), &ss);

	prepare(&self->r, IORING_OP_SOCKET, self->lab.family, NULL, self->lab.proto, 1)->off =
		SOCK_STREAM | SOCK_CLOEXEC;
	fd = one(&self->r, &c);
	ASSERT_LE(0, fd);
	EXPECT_EQ(self->lab.proto, lab_opt(fd, SOL_SOCKET, SO_PROTOCOL));
	prepare(&self->r, IORING_OP_CONNECT, fd, &ss, 0, 2)->off = len;
	EXPECT_EQ(0, one(&self->r, &c));
	peer = LAB_FD(accept(listener, NULL, NULL));
	LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 1000));
	LAB_OK(lab_recv(peer, LAB_TO_PEER, 0, 1000));
	/* what there is not */
	prepare(&self->r, IORING_OP_SOCKET, self->lab.family, NULL, self->lab.proto, 3)->off =
		SOCK_DGRAM;
	fd = socket(self->lab.family, SOCK_DGRAM, self->lab.proto);
	EXPECT_EQ(-1, fd);
	EXPECT_EQ(-errno, one(&self->r, &c));
}

/* One request, many connections, until it is taken back */
TEST_F(io_uring, accept_multishot)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 4)), i, fd;
	struct io_uring_cqe c;

	prepare(&self->r, IORING_OP_ACCEPT, listener, NULL, 0, 1)->ioprio = IORING_ACCEPT_MULTISHOT;
	LAB_OK(submit(&self->r));
	for (i = 0; i < 5; i++) {
		fd = LAB_FD(lab_connect_to(&self->lab, lab_port(listener)));
		LAB_OK(complete(&self->r, &c));
		EXPECT_EQ(1, c.user_data);
		ASSERT_LE(0, c.res);
		EXPECT_TRUE(c.flags & IORING_CQE_F_MORE);
		LAB_OK(lab_send(fd, LAB_TO_PEER, 0, 100));
		LAB_OK(lab_recv(c.res, LAB_TO_PEER, 0, 100));
		close(c.res);
		close(fd);
	}
	/* several at once */
	for (i = 0; i < 3; i++)
		LAB_FD(lab_connect_to(&self->lab, lab_port(listener)));
	for (i = 0; i < 3; i++) {
		LAB_OK(complete(&self->r, &c));
		EXPECT_LE(0, c.res);
	}
	prepare(&self->r, IORING_OP_ASYNC_CANCEL, -1, (void *)1, 0, 2);
	LAB_OK(submit(&self->r));
	for (i = 0; i < 2; i++) {
		LAB_OK(complete(&self->r, &c));
		EXPECT_EQ(c.user_data == 1 ? -ECANCELED : 0, c.res);
		EXPECT_FALSE(c.flags & IORING_CQE_F_MORE);
	}
}

enum { GROUP = 7, N_BUFS = 4, BUF = 1000 };

/* Lend the ring N_BUFS buffers of BUF octets. */
static int provide(struct ring *r, uint8_t *bufs)
{
	struct io_uring_cqe c;

	prepare(r, IORING_OP_PROVIDE_BUFFERS, N_BUFS, bufs, BUF, 99)->buf_group = GROUP;
	return one(r, &c) < 0 ? lab_fail("providing buffers: %s", strerror(-c.res)) : 0;
}

static void recv_multishot(struct ring *r, int fd)
{
	struct io_uring_sqe *s = prepare(r, IORING_OP_RECV, fd, NULL, 0, 1);

	s->ioprio = IORING_RECV_MULTISHOT;
	s->flags = IOSQE_BUFFER_SELECT;
	s->buf_group = GROUP;
}

/* One request, many pieces, each in a buffer of the ring's choice */
TEST_F(io_uring, recv_multishot)
{
	uint8_t *bufs = malloc(N_BUFS * BUF);
	struct io_uring_cqe c;
	int i;

	LAB_OK(provide(&self->r, bufs));
	recv_multishot(&self->r, self->fd[1]);
	LAB_OK(submit(&self->r));
	EXPECT_FALSE(completed(&self->r, &c));
	for (i = 0; i < N_BUFS; i++) {
		LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, i * 700, 700));
		LAB_OK(complete(&self->r, &c));
		ASSERT_EQ(700, c.res);
		ASSERT_TRUE(c.flags & IORING_CQE_F_BUFFER);
		EXPECT_TRUE(c.flags & IORING_CQE_F_MORE);
		LAB_OK(lab_verify(bufs + (c.flags >> IORING_CQE_BUFFER_SHIFT) * BUF, LAB_TO_PEER,
				  i * 700, 700));
	}
	/* there are no more buffers: what came stays where it is */
	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, N_BUFS * 700, 500));
	LAB_OK(complete(&self->r, &c));
	EXPECT_EQ(-ENOBUFS, c.res);
	EXPECT_FALSE(c.flags & IORING_CQE_F_MORE);
	LAB_OK(provide(&self->r, bufs));
	recv_multishot(&self->r, self->fd[1]);
	LAB_OK(submit(&self->r));
	LAB_OK(complete(&self->r, &c));
	EXPECT_EQ(500, c.res);
	LAB_OK(lab_verify(bufs + (c.flags >> IORING_CQE_BUFFER_SHIFT) * BUF, LAB_TO_PEER,
			  N_BUFS * 700, 500));
	/* the end */
	shutdown(self->fd[0], SHUT_WR);
	LAB_OK(complete(&self->r, &c));
	EXPECT_EQ(0, c.res);
	EXPECT_FALSE(c.flags & IORING_CQE_F_MORE);
}

/* Messages in pieces */
TEST_F(io_uring, sendmsg_and_recvmsg)
{
	uint8_t out[3000], in[3000] = { };
	struct iovec from[3] = { { out, 1 }, { out + 1, 1999 }, { out + 2000, 1000 } };
	struct iovec to[2] = { { in, 2500 }, { in + 2500, 500 } };
	struct msghdr send = { .msg_iov = from, .msg_iovlen = 3 };
	struct msghdr recv = { .msg_iov = to, .msg_iovlen = 2 };
	struct io_uring_cqe c;
	int i;

	lab_fill(out, LAB_TO_PEER, 0, sizeof(out));
	prepare(&self->r, IORING_OP_RECVMSG, self->fd[1], &recv, 1, 1)->msg_flags = MSG_WAITALL;
	LAB_OK(submit(&self->r));
	EXPECT_FALSE(completed(&self->r, &c));
	prepare(&self->r, IORING_OP_SENDMSG, self->fd[0], &send, 1, 2);
	LAB_OK(submit(&self->r));
	for (i = 0; i < 2; i++) {
		LAB_OK(complete(&self->r, &c));
		EXPECT_EQ(3000, c.res);
	}
	LAB_OK(lab_verify(in, LAB_TO_PEER, 0, 3000));
	EXPECT_EQ(0, recv.msg_flags & (MSG_TRUNC | MSG_CTRUNC));

	/* to look, and not to wait */
	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, 3000, 100));
	ASSERT_TRUE(LAB_UNTIL(readable(self->fd[1], 100)));
	prepare(&self->r, IORING_OP_RECVMSG, self->fd[1], &recv, 1, 3)->msg_flags = MSG_PEEK;
	EXPECT_EQ(100, one(&self->r, &c));
	prepare(&self->r, IORING_OP_RECVMSG, self->fd[1], &recv, 1, 4)->msg_flags = MSG_TRUNC;
	EXPECT_EQ(100, one(&self->r, &c));
	prepare(&self->r, IORING_OP_RECVMSG, self->fd[1], &recv, 1, 5)->msg_flags = MSG_DONTWAIT;
	EXPECT_EQ(-EAGAIN, one(&self->r, &c));
	shutdown(self->fd[0], SHUT_WR);
	prepare(&self->r, IORING_OP_SENDMSG, self->fd[0], &send, 1, 6);
	EXPECT_EQ(-EPIPE, one(&self->r, &c));
	prepare(&self->r, IORING_OP_RECVMSG, self->fd[1], &recv, 1, 7);
	EXPECT_EQ(0, one(&self->r, &c));
}

static void poll_add(struct ring *r, int fd, unsigned int events, uint32_t flags, uint64_t id)
{
	prepare(r, IORING_OP_POLL_ADD, fd, NULL, flags, id)->poll32_events = events;
}

TEST_F(io_uring, poll)
{
	int listener = LAB_FD(lab_listen(&self->lab, 0, 1));
	struct io_uring_cqe c;

	poll_add(&self->r, self->fd[0], POLLIN | POLLOUT, 0, 1);
	EXPECT_EQ(POLLOUT, one(&self->r, &c));
	poll_add(&self->r, self->fd[1], POLLIN, 0, 2);
	LAB_OK(submit(&self->r));
	EXPECT_FALSE(completed(&self->r, &c));
	LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, 0, 1));
	LAB_OK(complete(&self->r, &c));
	EXPECT_EQ(POLLIN, c.res);
	EXPECT_EQ(2, c.user_data);
	EXPECT_FALSE(c.flags & IORING_CQE_F_MORE);

	poll_add(&self->r, listener, POLLIN, 0, 3);
	LAB_OK(submit(&self->r));
	EXPECT_FALSE(completed(&self->r, &c));
	LAB_FD(lab_connect_to(&self->lab, lab_port(listener)));
	LAB_OK(complete(&self->r, &c));
	EXPECT_EQ(POLLIN, c.res);
}

/* Time and again: each arrival, then the peer's end, which is seen to be the end */
TEST_F(io_uring, poll_multishot)
{
	struct io_uring_cqe c;
	int i;

	poll_add(&self->r, self->fd[1], POLLIN | POLLRDHUP, IORING_POLL_ADD_MULTI, 1);
	LAB_OK(submit(&self->r));
	for (i = 0; i < 3; i++) {
		LAB_OK(lab_send(self->fd[0], LAB_TO_PEER, i * 10, 10));
		LAB_OK(complete(&self->r, &c));
		EXPECT_EQ(POLLIN, c.res);
		EXPECT_TRUE(c.flags & IORING_CQE_F_MORE);
		LAB_OK(lab_recv(self->fd[1], LAB_TO_PEER, i * 10, 10));
	}
	shutdown(self->fd[0], SHUT_WR);
	LAB_OK(complete(&self->r, &c));
	EXPECT_EQ(POLLIN | POLLRDHUP, c.res);
}

TEST_HARNESS_MAIN
