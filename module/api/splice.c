// SPDX-License-Identifier: GPL-2.0
/*
 * splice() from a socket: the pages of received segments go into a pipe as they are. The other way
 * is sendmsg() with MSG_SPLICE_PAGES (api/zerocopy.c).
 */
#include <linux/fs.h>
#include "sock.h"
#include "api/api.h"

struct to_pipe {
	struct sock		*sk;
	struct pipe_inode_info	*pipe;
	unsigned int		flags;
};

static int fill_pipe(read_descriptor_t *desc, struct sk_buff *skb, unsigned int offset, size_t len)
{
	const struct to_pipe *to = desc->arg.data;
	int n = skb_splice_bits(skb, to->sk, offset, to->pipe, min(desc->count, len), to->flags);

	if (n > 0)
		desc->count -= n;
	return n;
}

/*
 * Nothing could be read. Return: 1 if something may have come since, 0 at the end of the stream, or
 * an errno.
 */
static int wait_more(struct sock *sk, long *timeo)
{
	int err;

	tl_ack_turn(sk);
	err = tl_recv_may_wait(sk, 0, *timeo);
	if (err <= 0)
		return err;
	/* the urgent octet is next: whoever splices cannot have it, and not pass it */
	if (!skb_queue_empty(&sk->sk_receive_queue))
		return 0;
	err = sk_wait_data(sk, timeo, skb_peek_tail(&sk->sk_receive_queue));
	if (err < 0)
		return err;
	return signal_pending(current) ? sock_intr_errno(*timeo) : 1;
}

static ssize_t splice_locked(struct sock *sk, struct to_pipe *to, size_t len, long timeo)
{
	read_descriptor_t desc = { .arg.data = to, .count = len };
	ssize_t spliced = 0;
	int n;

	while (desc.count) {
		n = tl_read_sock(sk, &desc, fill_pipe);
		if (!n && !spliced) {
			n = wait_more(sk, &timeo);
			if (n > 0)
				continue;
		}
		if (n <= 0)
			return spliced ?: n;
		spliced += n;
		if (!desc.count || !timeo)
			break;
		/* take in what waits in the backlog */
		release_sock(sk);
		lock_sock(sk);
		if (sk->sk_err || sk->sk_state == TCP_CLOSE ||
		    (sk->sk_shutdown & RCV_SHUTDOWN) || signal_pending(current))
			break;
	}
	return spliced;
}

/**
 * tl_splice_read() - splice() from a socket into a pipe (proto_ops.splice_read)
 * @sock: socket
 * @pos: must be 0: there is no place to seek to
 * @pipe: locked by the caller
 * @len: bytes wanted
 * @flags: SPLICE_F_*
 *
 * Return: bytes moved, 0 at the end of the stream, or an errno.
 */
ssize_t tl_splice_read(struct socket *sock, loff_t *pos, struct pipe_inode_info *pipe, size_t len,
		       unsigned int flags)
{
	struct to_pipe to = { .sk = sock->sk, .pipe = pipe, .flags = flags };
	struct sock *sk = sock->sk;
	ssize_t ret;

	sock_rps_record_flow(sk);
	if (*pos)
		return -ESPIPE;
	lock_sock(sk);
	ret = splice_locked(sk, &to, len, sock_rcvtimeo(sk, sock->file->f_flags & O_NONBLOCK));
	release_sock(sk);
	return ret;
}

/**
 * tl_splice_eof() - a sendfile() said that more would come, and nothing did (proto.splice_eof)
 * @sock: socket
 */
void tl_splice_eof(struct socket *sock)
{
	struct sock *sk = sock->sk;

	if (skb_queue_empty_lockless(&sk->sk_write_queue))
		return;
	lock_sock(sk);
	tl_output(sk, TL_PUSH_USUAL);
	release_sock(sk);
}
