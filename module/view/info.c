// SPDX-License-Identifier: GPL-2.0
/*
 * TCP_INFO: a connection's state in the kernel's own struct, so that ss and iperf3 read it.
 */
#include <linux/tcp.h>
#include "sock.h"
#include "view/view.h"

static u32 begun_segments(u32 bytes, u32 mss)
{
	return mss ? DIV_ROUND_UP(bytes, mss) : 0;
}

/**
 * tl_delivery_rate() - how fast what was sent arrived of late
 * @sk: socket
 *
 * Return: bytes a second; 0: not known.
 */
u64 tl_delivery_rate(const struct sock *sk)
{
	const struct tl_rate last = tl_sk(sk)->loss.rate.last;

	return last.interval_us ?
	       div_u64((u64)last.delivered * USEC_PER_SEC, last.interval_us) : 0;
}

static u32 ms_since(u64 us)
{
	return us ? div_u64(tl_clock_us() - us, USEC_PER_MSEC) : 0;
}

/* "No limit" is all ones, whatever the width of a long. */
static u64 wide(unsigned long rate)
{
	return rate == ~0UL ? ~0ULL : rate;
}

static void info_options(const struct tl_sock *tl, struct tcp_info *info)
{
	if (tl->rcv.ts_ok)
		info->tcpi_options |= TCPI_OPT_TIMESTAMPS;
	if (tl->rcv.sack_ok)
		info->tcpi_options |= TCPI_OPT_SACK;
	if (tl->rcv.wscale_ok) {
		info->tcpi_options |= TCPI_OPT_WSCALE;
		info->tcpi_snd_wscale = tl->snd.wscale;
		info->tcpi_rcv_wscale = tl->rcv.wscale;
	}
	if (tl->ecn.ok)
		info->tcpi_options |= TCPI_OPT_ECN;
	if (tl->ecn.seen)
		info->tcpi_options |= TCPI_OPT_ECN_SEEN;
	if (tl->fo.data_acked)
		info->tcpi_options |= TCPI_OPT_SYN_DATA;
	info->tcpi_fastopen_client_fail = tl->fo.fail;
}

static void info_sending(const struct sock *sk, struct tcp_info *info)
{
	const struct tl_sock *tl = tl_sk(sk);
	u32 mss = tl->snd.mss;

	info->tcpi_ca_state = tl->loss.state;
	info->tcpi_retransmits = tl->loss.retries;
	info->tcpi_probes = tl->loss.probes;
	info->tcpi_backoff = tl->rtt.backoff;
	info->tcpi_rto = jiffies_to_usecs(tl_rto_jiffies(sk));
	info->tcpi_rtt = tl->rtt.srtt >> 3;
	info->tcpi_rttvar = tl->rtt.rttvar >> 2;
	info->tcpi_min_rtt = tl->rtt.min;
	info->tcpi_snd_mss = mss;
	info->tcpi_pmtu = tl->snd.pmtu;
	info->tcpi_snd_ssthresh = tl->cc.ssthresh >= TL_SSTHRESH_MAX ?
				  TL_SSTHRESH_MAX : begun_segments(tl->cc.ssthresh, mss);
	info->tcpi_snd_cwnd = begun_segments(tl->cc.cwnd, mss);
	info->tcpi_unacked = begun_segments(tl->snd.nxt - tl->snd.una, mss);
	info->tcpi_sacked = tl->rcv.sack_ok ? tl->board.sacked_segs :
					      begun_segments(tl->loss.dups, mss);
	info->tcpi_lost = begun_segments(tl->board.missing, mss);
	info->tcpi_retrans = begun_segments(tl->board.again, mss);
	info->tcpi_total_retrans = tl->loss.retrans;
	info->tcpi_reord_seen = tl->loss.reorders;
	info->tcpi_dsack_dups = tl->loss.dsacks;
	info->tcpi_delivered = tl->sent.delivered;
	info->tcpi_delivered_ce = tl->ecn.delivered;
	info->tcpi_delivery_rate = tl_delivery_rate(sk);
	info->tcpi_delivery_rate_app_limited = tl->loss.rate.last.app_limited;
	info->tcpi_bytes_sent = tl->sent.bytes;
	info->tcpi_bytes_retrans = tl->sent.bytes_again;
	info->tcpi_data_segs_out = tl->sent.data_segs;
	info->tcpi_bytes_acked = tl->sent.bytes_acked;
	info->tcpi_notsent_bytes = max_t(s32, tl->snd.end - tl->snd.nxt, 0);
	info->tcpi_segs_out = tl->sent.segs;
	info->tcpi_snd_wnd = tl->snd.wnd;
	info->tcpi_last_data_sent = ms_since(tl->snd.last_us);
}

static void info_times(const struct sock *sk, struct tcp_info *info)
{
	info->tcpi_rwnd_limited = tl_chrono_us(sk, TL_CHRONO_RWND);
	info->tcpi_sndbuf_limited = tl_chrono_us(sk, TL_CHRONO_SNDBUF);
	info->tcpi_busy_time = tl_chrono_us(sk, TL_CHRONO_BUSY) + info->tcpi_rwnd_limited +
			       info->tcpi_sndbuf_limited;
}

static void info_receiving(const struct sock *sk, struct tcp_info *info)
{
	const struct tl_sock *tl = tl_sk(sk);
	u32 now = tl_clock_jiffies();

	info->tcpi_ato = jiffies_to_usecs(tl->ackp.ato);
	info->tcpi_rcv_mss = tl->rcv.mss;
	info->tcpi_advmss = tl->rcv.adv_mss;
	info->tcpi_rcv_rtt = tl->rcv.rtt.us8 / 8;
	info->tcpi_rcv_ssthresh = tl->rcv.ssthresh;
	info->tcpi_rcv_space = tl->rcv.space.bytes;
	info->tcpi_bytes_received = tl->got.bytes;
	info->tcpi_segs_in = tl->got.segs;
	info->tcpi_data_segs_in = tl->got.data_segs;
	info->tcpi_rcv_ooopack = tl->got.ooo;
	info->tcpi_last_data_recv = jiffies_to_msecs(now - tl->ackp.last_rcv);
	info->tcpi_last_ack_recv = jiffies_to_msecs(now - tl->ackp.last_seg);
}

/**
 * tl_info() - fill struct tcp_info
 * @sk: socket, locked
 * @info: filled
 */
void tl_info(struct sock *sk, struct tcp_info *info)
{
	const struct tl_sock *tl = tl_sk(sk);
	const struct tl_rto_stat *rtos = &tl->loss.rtos;

	memset(info, 0, sizeof(*info));
	info->tcpi_state = sk->sk_state;
	info->tcpi_max_pacing_rate = wide(READ_ONCE(sk->sk_max_pacing_rate));
	info->tcpi_pacing_rate = wide(READ_ONCE(sk->sk_pacing_rate));
	info->tcpi_reordering = tl->loss.reordering ?: TL_SK_SYSCTL(sk, reordering);
	if (sk->sk_state == TCP_LISTEN) {
		info->tcpi_snd_cwnd = TL_SK_SYSCTL(sk, initial_cwnd);
		/* as Linux: the accept queue and its limit */
		info->tcpi_unacked = READ_ONCE(sk->sk_ack_backlog);
		info->tcpi_sacked = READ_ONCE(sk->sk_max_ack_backlog);
		return;
	}
	info_options(tl_sk(sk), info);
	info_sending(sk, info);
	info_times(sk, info);
	info_receiving(sk, info);
	tl_info_window(info, tl->rcv.wnd, rtos->rehashes);
	tl_info_rto(info, rtos->total, rtos->rows,
		    rtos->ms + (rtos->since_ms ? tl_clock_ts_ms() - rtos->since_ms : 0));
}
