/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every test stands on.
 *
 * The oracle is protocol 6: each test runs on the kernel's own TCP and on tcplab, over IPv4 and
 * over IPv6. LAB_VARIANTS() declares these four. A test that must behave otherwise on one of them
 * says so beside the assertion, with LAB_DIFFERS() and a reason.
 *
 * Environment:
 *   TCPLAB_PROTO=6|253     run only the variants of this protocol; the others are skipped
 *   TCPLAB_PROTOCOL=n      tcplab's protocol number where it is not 253
 *   TCPLAB_EXPECT_ALL=1    a missing protocol is a failure, not a skip
 *   TCPLAB_SLOW=n          multiply every time-out (a guest without hardware help: 10 or more)
 */
#ifndef LAB_H
#define LAB_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <netinet/in.h>

#define LAB_PROTOCOL	253

/**
 * struct lab - what one run of a test stands on
 * @family:	AF_INET or AF_INET6
 * @proto:	the protocol number: 6, or tcplab's
 * @oracle:	true on the kernel's TCP, where the test itself is being tested
 */
struct lab {
	int family;
	int proto;
	bool oracle;
};

/* env.c: the environment and what may be asked of it */
int lab_slow(void);
int lab_secs(int seconds);
enum { LAB_READY, LAB_SKIP, LAB_FAIL };
int lab_begin(struct lab *lab, int family, bool tcplab);
int lab_only_tcplab(struct lab *lab, int family);
const char *lab_why(void);
__attribute__((format(printf, 1, 2)))
int lab_fail(const char *fmt, ...);

/* env.c: reading and turning knobs, in this process's network namespace */
long long lab_counter(const struct lab *lab, const char *name);
const char *lab_sysctl_path(const struct lab *lab, const char *name);
long lab_sysctl(const struct lab *lab, const char *name);
int lab_sysctl_set(const struct lab *lab, const char *name, const char *value);
int lab_write_file(const char *path, const char *text);
int lab_read_file(const char *path, char *buf, size_t size);
bool lab_asleep(pid_t pid);
void lab_keep_stamps(void);
bool lab_kernel(int major, int minor);
int lab_conn_state(const struct lab *lab, int lport, int rport);

/* netns.c: namespaces and links, by netlink: no process is forked for them */
int lab_netns_new(void);
int lab_netns_fd(void);
int lab_netns_enter(int fd);
int lab_link_up(const char *dev);
int lab_link_down(const char *dev);
int lab_link_mtu(const char *dev, int mtu);
int lab_link_gso_segs(const char *dev, int segs);
int lab_veth(const char *here, const char *there, int there_netns);
int lab_addr_add(const char *dev, int family, const char *addr, int prefix);
int lab_addr_del(const char *dev, int family, const char *addr, int prefix);
int lab_mac(const char *dev, unsigned char mac[6]);
int lab_neigh_add(const char *dev, int family, const char *addr, const unsigned char mac[6]);
int lab_route_add(int family, const char *dst, int prefix, const char *via);
int lab_route_dead(int family, const char *host, int type);
int lab_route_mtu(const char *dev, int family, const char *host, uint32_t mtu);
int lab_route_del(int family, const char *host);
int lab_route_rto_min(const char *dev, int family, const char *host, uint32_t ms);

/* sock.c: sockets */
int lab_socket(const struct lab *lab, int type_flags);
socklen_t lab_loopback(const struct lab *lab, int port, struct sockaddr_storage *ss);
socklen_t lab_any(const struct lab *lab, int port, struct sockaddr_storage *ss);
socklen_t lab_addr(int family, const char *text, int port, struct sockaddr_storage *ss);
int lab_port(int fd);
int lab_peer_port(int fd);
int lab_listen(const struct lab *lab, int port, int backlog);
int lab_connect_to(const struct lab *lab, int port);
int lab_pair(const struct lab *lab, int fd[2]);
int lab_nonblock(int fd, bool on);
int lab_opt(int fd, int level, int name);
int lab_set_opt(int fd, int level, int name, int value);
int lab_so_error(int fd);
int lab_tcp_state(int fd);
short lab_poll(int fd, short events, int ms);
short lab_wait(int fd, short events);
int64_t lab_now_us(void);

/* Wait until @cond holds, looking every millisecond; false after 10 s (times TCPLAB_SLOW). */
#define LAB_UNTIL(cond) ({						\
	int64_t __end = lab_now_us() + 10000000LL * lab_slow();		\
	bool __held;							\
	while (!(__held = !!(cond)) && lab_now_us() < __end)		\
		usleep(1000);						\
	__held; })

/* data.c: a stream whose every byte is known from its offset */
enum lab_stream { LAB_TO_PEER = 1, LAB_TO_KERNEL = 2 };
uint8_t lab_byte(unsigned int stream, uint64_t off);
void lab_fill(void *buf, unsigned int stream, uint64_t off, size_t len);
long lab_verify(const void *buf, unsigned int stream, uint64_t off, size_t len);
int lab_send(int fd, unsigned int stream, uint64_t off, size_t len);
int lab_recv(int fd, unsigned int stream, uint64_t off, size_t len);
int lab_recv_eof(int fd);
int lab_exchange(int fd, unsigned int out, size_t out_len, unsigned int in, size_t in_len,
		 unsigned int flags);
#define LAB_X_SLOW_READER	1	/* lab_exchange(): read in small pieces, with pauses */
#define LAB_X_TINY		2	/* lab_exchange(): write in pieces of odd sizes */

#endif /* LAB_H */
