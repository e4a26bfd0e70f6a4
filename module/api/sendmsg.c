// SPDX-License-Identifier: GPL-2.0
/*
 * send(): copy into the stream, and let tx/ send what is worth sending.
 */
#include <linux/mutex.h>
#include <linux/wait.h>
#include <linux/pipe_fs_i.h>
#include "sock.h"
#include "api/api.h"

/* Wait until the handshake is done, unless Fast Open lets the program write before. */
static int wait_connected(struct sock *sk, long *timeo)
{
	if (!tl_in_state(sk, ~TLF_MAY_SEND) || tl_is_early(sk))
		return 0;
	return sk_stream_wait_connect(sk, timeo);
}

/* Is so much unsent that the peer could already be busy with it? */
static bool push_now(const struct tl_sock *tl)
{
	return tl->snd.end - tl->snd.nxt >= tl->snd.max_wnd / 2 ||
	       tl->snd.end - tl->snd.nxt >= 65536;
}

/*
 * RFC9293 3.9.1.2: all that was written is urgent. Only when no more is to be: the peer's program
 * takes the last octet out of its stream.
 */
static void mark_urgent(struct tl_sock *tl)
{
	tl->snd.up = tl->snd.end;
	tl->snd.urgent = 1;
}

/*
 * May more be written? Too much may wait to be sent (TCP_NOTSENT_LOWAT): a segment is filled up all
 * the same, or Nagle and TCP_CORK would wait in vain; and what is more can perhaps go now.
 */
static bool buffer_has_room(struct sock *sk)
{
	const struct tl_snd *snd = &tl_sk(sk)->snd;
	bool unsent_free = tl_mem_unsent_free(sk, 0);

	/* sk_stream_memory_free(), without a call through a pointer */
	if (sk->sk_wmem_queued < READ_ONCE(sk->sk_sndbuf) && unsent_free)
		return true;
	if (unsent_free)
		return false;
	if (snd->end - snd->nxt < tl_mss_now(sk))
		return sk->sk_wmem_queued < READ_ONCE(sk->sk_sndbuf);
	tl_output_push(sk);
	return sk_stream_memory_free(sk);
}

static int wait_memory(struct sock *sk, long *timeo)
{
	set_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
	tl_output_push(sk);
	return sk_stream_wait_memory(sk, timeo);
}

static int append(struct sock *sk, struct msghdr *msg, const struct tl_loan *loan)
{
	if (unlikely(loan && loan->refer))
		return tl_txq_refer(sk, msg, msg_data_left(msg), loan->uarg);
	return tl_txq_append(sk, msg, msg_data_left(msg));
}

/*
 * What the call asks for beside the data: level SOL_SOCKET only, as in Linux TCP, of which time
 * stamps alone mean something here. Return: 0 or -EINVAL.
 */
static int read_cmsgs(struct sock *sk, struct msghdr *msg, u32 *tsflags)
{
	struct sockcm_cookie sockc;

	sockcm_init(&sockc, sk);
	if (unlikely(msg->msg_controllen) && sock_cmsg_send(sk, msg, &sockc))
		return -EINVAL;
	*tsflags = sockc.tsflags;
	/* a kernel that set OPT_ID without us (before 6.3) has written 0 */
	if (unlikely(sockc.tsflags & SOF_TIMESTAMPING_OPT_ID) && !atomic_read(&sk->sk_tskey))
		atomic_set(&sk->sk_tskey, tl_sk(sk)->snd.end);
	return 0;
}

/* A pipe that was full, and is not all, is filled again at once: that is how sendfile() works. */
static enum tl_push push_after(const struct msghdr *msg, size_t len)
{
	if (likely(!(msg->msg_flags & MSG_MORE)))
		return TL_PUSH_USUAL;
	return (msg->msg_flags & MSG_SPLICE_PAGES) && len >= PIPE_DEF_BUFFERS * PAGE_SIZE ?
	       TL_PUSH_MORE : TL_PUSH_HOLD;
}

/* All is written that will be, before any of its last octets has been sent. */
static void finish_write(struct sock *sk, struct msghdr *msg, size_t len, u32 tsflags)
{
	if (unlikely(msg->msg_flags & MSG_OOB))
		mark_urgent(tl_sk(sk));
	if (unlikely(tsflags & SOF_TIMESTAMPING_TX_RECORD_MASK))
		tl_txq_mark(sk, tsflags);
	if (unlikely(msg->msg_flags & MSG_EOR) && !msg_data_left(msg))
		tl_txq_end_record(sk);
	tl_output(sk, push_after(msg, len));
}

/* @loan: whether pages are lent or spliced; NULL: all is copied */
static int sendmsg_locked(struct sock *sk, struct msghdr *msg, size_t len,
			  const struct tl_loan *loan)
{
	long timeo = sock_sndtimeo(sk, msg->msg_flags & MSG_DONTWAIT);
	struct tl_sock *tl = tl_sk(sk);
	int err, copied = 0;
	u32 tsflags = 0;

	if ((msg->msg_flags & MSG_FASTOPEN) || tl_inet_defer_connect(sk)) {
		err = tl_fastopen_sendmsg(sk, msg, len, &copied);
		if (err == -EINPROGRESS && copied)
			return copied;
		if (err)		/* what the SYN took is lost with it */
			return sk_stream_error(sk, msg->msg_flags, err);
	}
	err = wait_connected(sk, &timeo);
	if (err)
		return sk_stream_error(sk, msg->msg_flags, err);
	err = read_cmsgs(sk, msg, &tsflags);
	if (err)
		return sk_stream_error(sk, msg->msg_flags, err);
	sk_clear_bit(SOCKWQ_ASYNC_NOSPACE, sk);

	err = -EPIPE;
	if (sk->sk_err || (sk->sk_shutdown & SEND_SHUTDOWN))
		goto out_err;

	while (msg_data_left(msg)) {
		if (buffer_has_room(sk)) {
			err = append(sk, msg, loan);
			if (err > 0) {
				copied += err;
				if (msg_data_left(msg) && push_now(tl) &&
				    !(msg->msg_flags & MSG_OOB))
					tl_output(sk, TL_PUSH_MORE);
				continue;
			}
			if (err != -ENOMEM)
				goto out_err;
		}
		/* The buffer is full, or memory is short. */
		if (copied && unlikely(msg->msg_flags & MSG_OOB) && !timeo)
			mark_urgent(tl);
		err = wait_memory(sk, &timeo);
		if (err)
			goto out_err;
		if (sk->sk_err || (sk->sk_shutdown & SEND_SHUTDOWN)) {
			err = -EPIPE;
			goto out_err;
		}
	}
out:
	if (copied)
		finish_write(sk, msg, len, tsflags);
	return copied;

out_err:
	if (copied)
		goto out;
	err = sk_stream_error(sk, msg->msg_flags, err);
	/* a writer who waits by epoll, edge-triggered, must hear of the space that remains */
	if (err == -EAGAIN && skb_queue_empty(&sk->sk_write_queue)) {
		sk->sk_write_space(sk);
		tl_chrono_space(sk);
	}
	return err;
}

/**
 * tl_sendmsg_locked() - tl_sendmsg(), by who has the lock (proto_ops.sendmsg_locked)
 * @sk: socket, locked
 * @msg: data and flags
 * @len: bytes of data
 *
 * Return: as tl_sendmsg().
 */
int tl_sendmsg_locked(struct sock *sk, struct msghdr *msg, size_t len)
{
	struct tl_loan loan;
	int ret;

	if (likely(!(msg->msg_flags & (MSG_ZEROCOPY | MSG_SPLICE_PAGES))))
		return sendmsg_locked(sk, msg, len, NULL);
	ret = tl_loan_begin(sk, msg, len, &loan);
	if (ret)
		return sk_stream_error(sk, msg->msg_flags, ret);
	ret = sendmsg_locked(sk, msg, len, &loan);
	tl_loan_end(&loan, ret > 0);
	return ret;
}

/**
 * tl_sendmsg() - send() and its kin (proto.sendmsg; RFC9293 3.10.2)
 * @sk: socket
 * @msg: data and flags
 * @len: bytes of data
 *
 * Return: bytes taken, fewer than @len if the rest would have to wait and may not; or an errno.
 */
int tl_sendmsg(struct sock *sk, struct msghdr *msg, size_t len)
{
	int ret;

	lock_sock(sk);
	ret = tl_sendmsg_locked(sk, msg, len);
	release_sock(sk);
	return ret;
}
