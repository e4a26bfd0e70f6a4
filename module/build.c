// SPDX-License-Identifier: GPL-2.0
/*
 * The module as one translation unit: most functions of the data path are called from one place,
 * and that is in another room. So the compiler sees through the walls; Linux's scheduler is built
 * likewise (kernel/sched/build_policy.c). What it is worth: Documentation/performance.rst.
 *
 * Each file also stands for itself, as "make SEPARATE=1" builds it: it includes what it needs. But
 * its static names, and its macros, are no other file's. What obs/trace.c, which is a unit of its
 * own, another module, or a probe of the tests calls is __visible.
 *
 * Room by room, top floor first.
 */

#include "main.c"

/* the border with IP */
#include "ip/protosw.c"
#include "ip/ipv4.c"
#include "ip/ipv6.c"
#include "ip/offload.c"
#include "ip/demux.c"
#include "ip/gro.c"
#include "ip/pernet.c"

/* what a program calls */
#include "api/sendmsg.c"
#include "api/recvmsg.c"
#include "api/zerocopy.c"
#include "api/splice.c"
#include "api/stamp.c"
#include "api/stats.c"
#include "api/poll.c"
#include "api/sockopt.c"
#include "api/solsocket.c"
#include "api/tcpopt.c"
#include "api/ipopt.c"

/* what a person reads */
#include "view/procfs.c"
#include "view/sysctl.c"
#include "view/info.c"

/* receiving, in the order in which a segment meets them */
#include "rx/rcv.c"
#include "rx/icmp.c"
#include "rx/segment.c"
#include "rx/options.c"
#include "rx/ack.c"
#include "rx/sack.c"
#include "rx/urgent.c"
#include "rx/data.c"
#include "rx/ooo.c"
#include "rx/sackout.c"
#include "rx/prune.c"
#include "rx/window.c"
#include "rx/ackpolicy.c"

/* what is lost, and what now */
#include "loss/recovery.c"
#include "loss/window.c"
#include "loss/rack.c"
#include "loss/newreno.c"
#include "loss/tlp.c"
#include "loss/undo.c"
#include "loss/reorder.c"
#include "loss/prr.c"
#include "loss/rate.c"
#include "loss/rto.c"
#include "loss/ecn.c"
#include "loss/sample.c"
#include "loss/board.c"
#include "loss/range.c"
#include "loss/rtt.c"

/* the life of a connection */
#include "conn/state.c"
#include "conn/table.c"
#include "conn/hash.c"
#include "conn/port.c"
#include "conn/isn.c"
#include "conn/connect.c"
#include "conn/listen.c"
#include "conn/synq.c"
#include "conn/cookie.c"
#include "conn/fastopen.c"
#include "conn/child.c"
#include "conn/close.c"
#include "conn/timewait.c"
#include "conn/security.c"
#include "conn/keepalive.c"
#include "conn/reset.c"

/* sending: what may go, how it goes */
#include "tx/output.c"
#include "tx/queue.c"
#include "tx/xmit.c"
#include "tx/retransmit.c"
#include "tx/control.c"
#include "tx/stray.c"
#include "tx/persist.c"
#include "tx/chrono.c"
#include "tx/pace.c"
#include "tx/mtup.c"
#include "tx/pmtu.c"

/* congestion control */
#include "cc/cc.c"
#include "cc/tahoe.c"
#include "cc/reno.c"
#include "cc/cubic.c"
#include "cc/dctcp.c"

/* what all rooms stand on */
#include "mem.c"
#include "time.c"
#include "obs/mib.c"
