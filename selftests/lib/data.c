// SPDX-License-Identifier: GPL-2.0
/*
 * Streams whose every byte is known from its offset, so that a byte lost, doubled, swapped or
 * taken from elsewhere is seen where it happens.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lab.h"

/* Eight bytes of a stream: a mix of its number and the offset (the finisher of splitmix64). */
static uint64_t word(unsigned int stream, uint64_t index)
{
	uint64_t z = (index + 1) * 0x9e3779b97f4a7c15ULL + (uint64_t)stream * 0xd1b54a32d192ed03ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/* The byte of @stream at offset @off. */
uint8_t lab_byte(unsigned int stream, uint64_t off)
{
	return word(stream, off / 8) >> (off % 8 * 8);
}

/* Write the bytes [@off, @off + @len) of @stream to @buf. */
void lab_fill(void *buf, unsigned int stream, uint64_t off, size_t len)
{
	uint8_t *p = buf;
	uint64_t w = 0;
	size_t i;

	for (i = 0; i < len; i++, off++) {
		if (!i || off % 8 == 0)
			w = word(stream, off / 8);
		p[i] = w >> (off % 8 * 8);
	}
}

/**
 * lab_verify() - are these the bytes of a stream?
 * @buf:    received
 * @stream: which stream
 * @off:    the offset of the first byte
 * @len:    how many
 *
 * Return: 0; or -1 with the place of the first wrong byte in lab_why().
 */
long lab_verify(const void *buf, unsigned int stream, uint64_t off, size_t len)
{
	const uint8_t *p = buf;
	uint64_t w = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		if (!i || (off + i) % 8 == 0)
			w = word(stream, (off + i) / 8);
		if (p[i] != (uint8_t)(w >> ((off + i) % 8 * 8)))
			return lab_fail("stream %u, offset %llu: byte 0x%02x instead of 0x%02x",
					stream, (unsigned long long)(off + i), p[i],
					lab_byte(stream, off + i));
	}
	return 0;
}

/* Send @len bytes of @stream from offset @off, all of them, waiting where it must. */
int lab_send(int fd, unsigned int stream, uint64_t off, size_t len)
{
	uint8_t buf[16384];

	while (len) {
		size_t part = len < sizeof(buf) ? len : sizeof(buf);
		ssize_t n;

		lab_fill(buf, stream, off, part);
		n = send(fd, buf, part, MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN) {
			if (!(lab_wait(fd, POLLOUT) & POLLOUT))
				return lab_fail("send at offset %llu: never writable",
						(unsigned long long)off);
			continue;
		}
		if (n <= 0)
			return lab_fail("send at offset %llu: %s", (unsigned long long)off,
					strerror(errno));
		off += n;
		len -= n;
	}
	return 0;
}

/* Receive exactly @len bytes and verify each. */
int lab_recv(int fd, unsigned int stream, uint64_t off, size_t len)
{
	uint8_t buf[16384];

	while (len) {
		size_t part = len < sizeof(buf) ? len : sizeof(buf);
		ssize_t n;

		if (!lab_wait(fd, POLLIN))
			return lab_fail("recv at offset %llu: nothing came (%zu bytes missing)",
					(unsigned long long)off, len);
		n = recv(fd, buf, part, 0);
		if (n < 0)
			return lab_fail("recv at offset %llu: %s", (unsigned long long)off,
					strerror(errno));
		if (!n)
			return lab_fail("recv: end of stream at offset %llu, %zu bytes early",
					(unsigned long long)off, len);
		if (lab_verify(buf, stream, off, n))
			return -1;
		off += n;
		len -= n;
	}
	return 0;
}

/* The stream must end here: recv() gives 0. */
int lab_recv_eof(int fd)
{
	char c;
	ssize_t n;

	if (!lab_wait(fd, POLLIN))
		return lab_fail("the end of the stream never came");
	n = recv(fd, &c, 1, 0);
	if (n > 0)
		return lab_fail("a byte 0x%02x after the end of the stream", (unsigned char)c);
	if (n < 0)
		return lab_fail("recv instead of end of stream: %s", strerror(errno));
	return 0;
}

/* One readable moment of lab_exchange(). Returns 1 at the end of the stream. */
static int exchange_in(int fd, unsigned int in, size_t *in_off, size_t in_len, unsigned int flags)
{
	uint8_t buf[65536];
	ssize_t n;

	if (flags & LAB_X_SLOW_READER)
		usleep(1000);
	n = recv(fd, buf, flags & LAB_X_SLOW_READER ? 1 + in_len / 100 % sizeof(buf) : sizeof(buf),
		 MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < 0)
		return lab_fail("recv at offset %zu: %s", *in_off, strerror(errno));
	if (!n && *in_off != in_len)
		return lab_fail("end of stream at offset %zu of %zu", *in_off, in_len);
	if (lab_verify(buf, in, *in_off, n))
		return -1;
	*in_off += n;
	if (*in_off > in_len)
		return lab_fail("%zu bytes more than were sent", *in_off - in_len);
	return n == 0;
}

/* One writable moment of lab_exchange(). Returns 1 when all is sent and the side is shut. */
static int exchange_out(int fd, unsigned int out, size_t *out_off, size_t out_len,
			unsigned int flags)
{
	uint8_t buf[65536];
	size_t part = out_len - *out_off;
	ssize_t n;

	if (part > sizeof(buf))
		part = sizeof(buf);
	if (flags & LAB_X_TINY && part > 1 + *out_off % 1013)
		part = 1 + *out_off % 1013;
	if (part) {
		lab_fill(buf, out, *out_off, part);
		n = send(fd, buf, part, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n < 0)
			return lab_fail("send at offset %zu: %s", *out_off, strerror(errno));
		*out_off += n;
	}
	if (*out_off < out_len)
		return 0;
	if (shutdown(fd, SHUT_WR))
		return lab_fail("shutdown(SHUT_WR): %s", strerror(errno));
	return 1;
}

/**
 * lab_exchange() - send one stream and receive another, both at once, to both ends
 * @fd:      a connected socket
 * @out:     the stream to send, then the sending side is shut down
 * @out_len: its length
 * @in:      the stream to receive, which must end after
 * @in_len:  this many bytes
 * @flags:   LAB_X_*
 *
 * Return: 0; or -1 with words in lab_why().
 */
int lab_exchange(int fd, unsigned int out, size_t out_len, unsigned int in, size_t in_len,
		 unsigned int flags)
{
	bool sending = true, receiving = true;
	size_t in_off = 0, out_off = 0;

	while (sending || receiving) {
		short events = (receiving ? POLLIN : 0) | (sending ? POLLOUT : 0);
		short got = lab_poll(fd, events, 60000);
		int ret;

		if (!got)
			return lab_fail("no progress: sent %zu of %zu, received %zu of %zu",
					out_off, out_len, in_off, in_len);
		if (receiving && got & (POLLIN | POLLHUP | POLLERR)) {
			ret = exchange_in(fd, in, &in_off, in_len, flags);
			if (ret < 0)
				return -1;
			receiving = !ret;
		}
		if (sending && got & (POLLOUT | POLLERR)) {
			ret = exchange_out(fd, out, &out_off, out_len, flags);
			if (ret < 0)
				return -1;
			sending = !ret;
		}
	}
	return 0;
}
