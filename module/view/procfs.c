// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/net/tcplab/: a directory a namespace, a file a question. Documentation/procfs.rst tells the
 * columns.
 *
 * Files that list connections walk the listeners, then the table of connections, without stopping
 * anybody: a connection that comes or goes meanwhile may be missed, none is shown half.
 */
#include <linux/kcsan-checks.h>
#include <linux/proc_fs.h>
#include <linux/rhashtable.h>
#include <linux/seq_file.h>
#include "sock.h"
#include "conn/synq.h"
#include "conn/timewait.h"
#include "view/view.h"

struct tl_view;

/* One file of one namespace. */
struct tl_file {
	struct tl_net		*tn;
	const struct tl_view	*view;
};

/**
 * struct tl_view - a file
 * @name: its name
 * @header: its first line
 * @node: prints the line of a listener or connection, or none
 * @all: prints everything, for a file that is no list of connections
 */
struct tl_view {
	const char	*name;
	const char	*header;
	void		(*node)(struct seq_file *s, struct tl_net *tn, struct tl_node *node,
				int line);
	void		(*all)(struct seq_file *s, struct tl_net *tn);
};

/* A reader's place. */
struct walk {
	struct tl_file		file;
	struct rhashtable_iter	iter;
	bool			entered;
	bool			conns;		/* the listeners are through */
	int			line;
};

static void walk_enter(struct walk *w, bool conns)
{
	if (w->entered)
		rhashtable_walk_exit(&w->iter);
	w->conns = conns;
	w->entered = true;
	if (conns)
		rhashtable_walk_enter(&w->file.tn->conns, &w->iter);
	else
		rhltable_walk_enter(&w->file.tn->listeners, &w->iter);
}

/* A listener's table that grows meanwhile says -EAGAIN: some may come twice. */
static struct tl_node *walk_next(struct walk *w)
{
	struct tl_node *node;

	for (;;) {
		node = rhashtable_walk_next(&w->iter);
		if (IS_ERR(node))
			continue;
		if (node || w->conns)
			return node;
		rhashtable_walk_stop(&w->iter);
		walk_enter(w, true);
		rhashtable_walk_start(&w->iter);
	}
}

static void *list_start(struct seq_file *s, loff_t *pos)
	__acquires(RCU)
{
	struct walk *w = s->private;
	struct tl_node *node;

	if (!*pos) {
		walk_enter(w, false);
		w->line = 0;
	}
	rhashtable_walk_start(&w->iter);
	if (!*pos)
		return SEQ_START_TOKEN;
	node = rhashtable_walk_peek(&w->iter);
	return IS_ERR_OR_NULL(node) ? walk_next(w) : node;
}

static void *list_next(struct seq_file *s, void *v, loff_t *pos)
{
	++*pos;
	return walk_next(s->private);
}

static void list_stop(struct seq_file *s, void *v)
	__releases(RCU)
{
	struct walk *w = s->private;

	rhashtable_walk_stop(&w->iter);
}

/* Nobody is kept from work by a look: the numbers of a line may be of different moments. */
static int list_show(struct seq_file *s, void *v)
{
	struct walk *w = s->private;
	const struct tl_view *view = w->file.view;

	if (v == SEQ_START_TOKEN) {
		seq_printf(s, "%s\n", view->header);
		return 0;
	}
	kcsan_disable_current();	/* these races are meant */
	view->node(s, w->file.tn, v, w->line++);
	kcsan_enable_current();
	return 0;
}

static const struct seq_operations list_ops = {
	.start	= list_start,
	.next	= list_next,
	.stop	= list_stop,
	.show	= list_show,
};

/* Addresses as people write them: v4-mapped ones as IPv4. */
static void put_addr(struct seq_file *s, const struct in6_addr *addr, __be16 port)
{
	char buf[64];

	if (ipv6_addr_v4mapped(addr))
		snprintf(buf, sizeof(buf), "%pI4:%u", &addr->s6_addr32[3], ntohs(port));
	else
		snprintf(buf, sizeof(buf), "[%pI6c]:%u", addr, ntohs(port));
	seq_printf(s, "%-23s ", buf);
}

static void put_ends(struct seq_file *s, const struct tl_tuple *t)
{
	put_addr(s, &t->laddr, t->lport);
	put_addr(s, &t->faddr, t->fport);
}

static kuid_t uid_of(struct sock *sk)
{
	return sock_net_uid(sock_net(sk), sk);
}

static unsigned int uid_for(struct seq_file *s, struct sock *sk)
{
	return from_kuid_munged(seq_user_ns(s), uid_of(sk));
}

static unsigned long inode_of(struct sock *sk)
{
	unsigned long inode;

	read_lock_bh(&sk->sk_callback_lock);
	inode = sk->sk_socket ? SOCK_INODE(sk->sk_socket)->i_ino : 0;
	read_unlock_bh(&sk->sk_callback_lock);
	return inode;
}

static bool is_sock(const struct tl_node *node)
{
	return node->kind == TL_KIND_SOCK;
}

static bool is_listener(const struct tl_node *node)
{
	return is_sock(node) && tl_node_sk(node)->sk_state == TCP_LISTEN;
}

/* A letter for each that holds. */
static const char *ecn_text(const struct tl_ecn *e, char text[5])
{
	text[0] = e->ok ? 'o' : '-';
	text[1] = e->seen ? 's' : '-';
	text[2] = e->echo ? 'e' : '-';
	text[3] = e->tell ? 'c' : '-';
	text[4] = 0;
	return text;
}

/* A letter for each deadline that is set */
static void timers_text(const struct sock *sk, char *text)
{
	static const struct { enum tl_timer timer; char letter; } row[TL_NTIMERS] = {
		{ TL_TIMER_REXMIT, 'r' }, { TL_TIMER_PERSIST, 'p' }, { TL_TIMER_DELACK, 'd' },
		{ TL_TIMER_KEEP, 'k' }, { TL_TIMER_FINWAIT2, 'f' }, { TL_TIMER_REO, 'o' },
		{ TL_TIMER_PROBE, 't' },
	};
	int i;

	for (i = 0; i < TL_NTIMERS; i++)
		text[i] = tl_timer_armed(sk, row[i].timer) ? row[i].letter : '-';
	text[i] = 0;
}

/* And how loss recovery sees them */
static void put_recovery(struct seq_file *s, const struct tl_sock *tl)
{
	const struct sock *sk = (const struct sock *)tl;
	unsigned long pacing = READ_ONCE(sk->sk_pacing_rate);
	u32 min_rtt = tl->rtt.min;

	seq_printf(s, " %8u %8u %8u %8u %7u ", tl->board.missing, tl->board.sacked,
		   tl->board.again, tl_loss_pipe(sk), tl->loss.reordering);
	seq_printf(s, "%11lu %11llu %10u %10llu\n", pacing == ~0UL ? 0 : pacing,
		   tl_delivery_rate(sk), min_rtt == ~0U ? 0 : min_rtt,
		   tl->loss.rate.delivered);
}

/* connections: sockets with both ends, and how they are doing. */
static void show_connection(struct seq_file *s, struct tl_net *tn, struct tl_node *node, int line)
{
	struct tl_sock *tl;
	struct sock *sk;
	char timers[TL_NTIMERS + 1], ecn[5];

	if (!is_sock(node) || is_listener(node))
		return;
	tl = tl_of_node(node);
	sk = (struct sock *)tl;
	timers_text(sk, timers);
	put_ends(s, &node->tuple);
	seq_printf(s, "%-11s %10u %10u %8u %10u %8u %8u ", tl_state_name(sk->sk_state),
		   tl->snd.una, tl->snd.nxt, tl->snd.wnd, tl->rcv.nxt,
		   tl_rcv_window_left(tl), tl->snd.mss);
	seq_printf(s, "%8u %10u %8u %8u %8u %7u ", tl->cc.cwnd, tl->cc.ssthresh,
		   tl->rtt.srtt >> 3, tl->rtt.rttvar >> 2,
		   jiffies_to_msecs(tl_rto_jiffies(sk)), tl->rtt.backoff);
	seq_printf(s, "%8u %8u %-8s %-8s %s %8d %8u %8u %6u %5lu %s",
		   tl->snd.nxt - tl->snd.una, tl->loss.retrans, tl_ca_name(tl->loss.state),
		   READ_ONCE(tl->cc.ops)->name, timers,
		   max_t(int, tl->snd.end - tl->snd.una, 0), tl->rcv.nxt - tl->rcv.copied,
		   atomic_read(&sk->sk_rmem_alloc), uid_for(s, sk), inode_of(sk),
		   ecn_text(&tl->ecn, ecn));
	put_recovery(s, tl);
}

/* listeners: and the lengths of their queues. */
static void show_listener(struct seq_file *s, struct tl_net *tn, struct tl_node *node, int line)
{
	const struct tl_listener *l;
	struct sock *sk;

	if (!is_listener(node))
		return;
	sk = tl_node_sk(node);
	put_addr(s, &node->tuple.laddr, node->tuple.lport);
	l = tl_of_node(node)->listener;
	seq_printf(s, "%8d %8u %8u %4d %6u %7lu %8u %9d %9d\n", atomic_read(&l->half_open),
		   READ_ONCE(sk->sk_ack_backlog), READ_ONCE(sk->sk_max_ack_backlog),
		   node->bound_dev, uid_for(s, sk), inode_of(sk), tl_synq_limit(sk),
		   atomic_read(&l->overflows), atomic_read(&l->syn_drops));
}

/* requests: the SYN queues. */
static void show_request(struct seq_file *s, struct tl_net *tn, struct tl_node *node, int line)
{
	const struct tl_req *req;

	if (node->kind != TL_KIND_REQ)
		return;
	req = container_of(node, struct tl_req, node);
	put_ends(s, &node->tuple);
	seq_printf(s, "%8llu %7u %8u\n",
		   div_u64(tl_clock_us() - req->born_us, USEC_PER_MSEC), req->retries,
		   jiffies_to_msecs(tl_mini_timer_left(&req->timer)));
}

/* timewait: and how long they will last. */
static void show_timewait(struct seq_file *s, struct tl_net *tn, struct tl_node *node, int line)
{
	const struct tl_tw *tw;

	if (node->kind != TL_KIND_TW)
		return;
	tw = container_of(node, struct tl_tw, node);
	put_ends(s, &node->tuple);
	seq_printf(s, "%8u\n", jiffies_to_msecs(tl_mini_timer_left(&tw->timer)));
}

/*
 * tcp, tcp6: the columns of /proc/net/tcp, so that ss reads them. A socket is listed by its own
 * family: an IPv6 socket's v4-mapped addresses stand in tcp6.
 */
struct tcp_line {
	u8		state;
	u32		tx_queue;
	u32		rx_queue;
	u8		timer;		/* 1 retransmission, 2 keepalive, 3 TIME-WAIT, 4 probe */
	long		left;		/* jiffies */
	u8		retries;
	unsigned int	uid;
	u8		probes;
	unsigned long	inode;
	int		refs;
	const void	*addr;
};

static void put_tcp_end(struct seq_file *s, bool v6, const struct in6_addr *addr, __be16 port)
{
	const __be32 *a = addr->s6_addr32;

	if (v6)
		seq_printf(s, "%08X%08X%08X%08X:%04X ", (__force u32)a[0], (__force u32)a[1],
			   (__force u32)a[2], (__force u32)a[3], ntohs(port));
	else
		seq_printf(s, "%08X:%04X ", (__force u32)a[3], ntohs(port));
}

static void put_tcp(struct seq_file *s, bool v6, int line, const struct tl_node *node,
		    const struct tcp_line *l)
{
	const struct tl_tuple *t = &node->tuple;

	if (!v6)
		seq_setwidth(s, 149);
	seq_printf(s, "%4d: ", line);
	put_tcp_end(s, v6, &t->laddr, t->lport);
	put_tcp_end(s, v6, &t->faddr, t->fport);
	seq_printf(s, "%02X %08X:%08X %02X:%08lX %08X %5u %8d %lu %d %pK", l->state, l->tx_queue,
		   l->rx_queue, l->timer, (unsigned long)jiffies_to_clock_t(l->left), l->retries,
		   l->uid, l->probes, l->inode, l->refs, l->addr);
}

static void tcp_sock_timer(struct sock *sk, struct tcp_line *l)
{
	static const struct {
		u8	which;
		u8	shown;
	} shown[] = {
		{ TL_TIMER_REXMIT, 1 }, { TL_TIMER_PERSIST, 4 }, { TL_TIMER_KEEP, 2 },
		{ TL_TIMER_FINWAIT2, 2 },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(shown); i++) {
		if (tl_timer_armed(sk, shown[i].which)) {
			l->timer = shown[i].shown;
			l->left = tl_timer_left(sk, shown[i].which);
			return;
		}
	}
}

static void show_tcp_sock(struct seq_file *s, struct tl_node *node, bool v6, int line)
{
	struct tl_sock *tl = tl_of_node(node);
	struct sock *sk = (struct sock *)tl;
	struct tcp_line l = {
		.state	= sk->sk_state,
		.uid	= uid_for(s, sk),
		.inode	= inode_of(sk),
		.refs	= refcount_read(&sk->sk_refcnt),
		.addr	= sk,
	};

	if (l.state == TCP_LISTEN) {
		l.rx_queue = READ_ONCE(sk->sk_ack_backlog);
	} else {
		l.tx_queue = READ_ONCE(tl->snd.end) + tl->snd.fin - READ_ONCE(tl->snd.una);
		l.rx_queue = max_t(int, READ_ONCE(tl->rcv.nxt) - READ_ONCE(tl->rcv.copied), 0);
		l.retries = tl->loss.retries;
		l.probes = tl->loss.probes;
		tcp_sock_timer(sk, &l);
	}
	put_tcp(s, v6, line, node, &l);
	if (l.state == TCP_LISTEN)
		seq_puts(s, " 100 0 0 10 0");
	else
		seq_printf(s, " %lu %lu %u %u %d",
			   (unsigned long)jiffies_to_clock_t(tl_rto_jiffies(sk)),
			   (unsigned long)jiffies_to_clock_t(tl->ackp.ato),
			   tl->ackp.quick << 1 | tl_ack_is_interactive(sk),
			   tl->snd.mss ? tl->cc.cwnd / tl->snd.mss : 0,
			   tl->cc.ssthresh >= TL_SSTHRESH_MAX || !tl->snd.mss ?
			   -1 : (int)(tl->cc.ssthresh / tl->snd.mss));
}

static void show_tcp_family(struct seq_file *s, struct tl_node *node, bool v6, int line)
{
	bool v4_addrs = ipv6_addr_v4mapped(&node->tuple.laddr);
	struct tcp_line l = { .refs = 1, .addr = node };

	if (is_sock(node)) {
		if ((tl_node_sk(node)->sk_family == AF_INET6) != v6)
			return;
		show_tcp_sock(s, node, v6, line);
	} else {
		if (v4_addrs == v6)
			return;
		if (node->kind == TL_KIND_REQ) {
			const struct tl_req *req = container_of(node, struct tl_req, node);

			l.state = TCP_SYN_RECV;
			l.timer = 1;
			l.retries = req->retries;
			l.left = tl_mini_timer_left(&req->timer);
			l.uid = uid_for(s, req->listener);
		} else {
			const struct tl_tw *tw = container_of(node, struct tl_tw, node);

			l.state = TCP_TIME_WAIT;
			l.timer = 3;
			l.left = tl_mini_timer_left(&tw->timer);
		}
		put_tcp(s, v6, line, node, &l);
	}
	if (v6)
		seq_putc(s, '\n');
	else
		seq_pad(s, '\n');
}

static void show_tcp(struct seq_file *s, struct tl_net *tn, struct tl_node *node, int line)
{
	show_tcp_family(s, node, false, line);
}

static void show_tcp6(struct seq_file *s, struct tl_net *tn, struct tl_node *node, int line)
{
	show_tcp_family(s, node, true, line);
}

static void show_counters(struct seq_file *s, struct tl_net *tn)
{
	int i;

	seq_printf(s, "CurrEstab %lu\n", tl_established_read(tn->net));
	seq_printf(s, "CurrTimeWait %d\n", atomic_read(&tn->timewaits));
	seq_printf(s, "CurrOrphans %d\n", atomic_read(&tn->orphans));
	for (i = 0; i < TL_NMIBS; i++)
		seq_printf(s, "%s %lu\n", tl_mib_name(i), tl_mib_read(tn->net, i));
	for (i = 0; i < TL_NDROPS; i++)
		seq_printf(s, "Drop%s %lu\n", tl_drop_name(i), tl_drop_read(tn->net, i));
}

static void show_transitions(struct seq_file *s, struct tl_net *tn)
{
	int i;

	for (i = 0; i < TL_NEDGES; i++)
		seq_printf(s, "%-11s %-11s %-11s %lu\n", tl_state_name(tl_edges[i].from),
			   tl_state_name(tl_edges[i].to), tl_event_name(tl_edges[i].event),
			   tl_edge_read(tn->net, i));
}

#define ENDS_HEADER "local                   foreign                 "

static const struct tl_view views[] = {
	{
		.name	= "connections",
		.header	= ENDS_HEADER
			  "state          snd_una    snd_nxt  snd_wnd    rcv_nxt  rcv_wnd      mss "
			  "    cwnd   ssthresh  srtt_us   var_us   rto_ms backoff inflight  retrans "
			  "ca       cc       timer      unacked   unread     rmem    uid inode ecn "
			  "     lost   sacked    again     pipe reorder  pacing_Bps   arrive_Bps min_rtt_us "
			  "delivered",
		.node	= show_connection,
	}, {
		.name	= "listeners",
		.header	= "local                     synq  acceptq  backlog  dev    uid   inode "
			  "synq_max overflows syn_drops",
		.node	= show_listener,
	}, {
		.name	= "requests",
		.header	= ENDS_HEADER "  age_ms retries  next_ms",
		.node	= show_request,
	}, {
		.name	= "timewait",
		.header	= ENDS_HEADER " left_ms",
		.node	= show_timewait,
	}, {
		.name	= "tcp",
		.header	= "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when "
			  "retrnsmt   uid  timeout inode                                      "
			  "               ",
		.node	= show_tcp,
	}, {
		.name	= "tcp6",
		.header	= "  sl  local_address                         "
			  "remote_address                        "
			  "st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
		.node	= show_tcp6,
	}, {
		.name	= "transitions",
		.header	= "from        to          event       count",
		.all	= show_transitions,
	}, {
		.name	= "counters",
		.header	= "Name value",
		.all	= show_counters,
	},
};

static int all_show(struct seq_file *s, void *v)
{
	struct tl_file *f = s->private;

	seq_printf(s, "%s\n", f->view->header);
	f->view->all(s, f->tn);
	return 0;
}

static int view_open(struct inode *inode, struct file *file)
{
	struct tl_file *f = pde_data(inode);
	struct walk *w;

	if (f->view->all)
		return single_open_size(file, all_show, f, 16384);
	w = __seq_open_private(file, &list_ops, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->file = *f;
	return 0;
}

static int view_release(struct inode *inode, struct file *file)
{
	struct tl_file *f = pde_data(inode);
	struct walk *w = ((struct seq_file *)file->private_data)->private;

	if (f->view->all)
		return single_release(inode, file);
	if (w->entered)
		rhashtable_walk_exit(&w->iter);
	return seq_release_private(inode, file);
}

static const struct proc_ops view_ops = {
	.proc_open	= view_open,
	.proc_read	= seq_read,
	.proc_lseek	= seq_lseek,
	.proc_release	= view_release,
};

/**
 * tl_proc_net_init() - make a namespace's files
 * @tn: namespace
 *
 * Return: 0 or -ENOMEM.
 */
int tl_proc_net_init(struct tl_net *tn)
{
	struct proc_dir_entry *dir = proc_net_mkdir(tn->net, "tcplab", tn->net->proc_net);
	struct tl_file *f;
	int i;

	if (!dir)
		return -ENOMEM;
	f = kcalloc(ARRAY_SIZE(views), sizeof(*f), GFP_KERNEL);
	if (!f)
		goto fail;
	for (i = 0; i < ARRAY_SIZE(views); i++) {
		f[i].tn = tn;
		f[i].view = &views[i];
		if (!proc_create_data(views[i].name, 0444, dir, &view_ops, &f[i]))
			goto fail;
	}
	tn->proc_files = f;
	return 0;
fail:
	remove_proc_subtree("tcplab", tn->net->proc_net);
	kfree(f);
	return -ENOMEM;
}

/**
 * tl_proc_net_exit() - remove them; readers have finished when it returns
 * @tn: namespace
 */
void tl_proc_net_exit(struct tl_net *tn)
{
	remove_proc_subtree("tcplab", tn->net->proc_net);
	kfree(tn->proc_files);
}
