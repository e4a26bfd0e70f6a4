// SPDX-License-Identifier: GPL-2.0
/* The urgent pointer: with SO_OOBINLINE every byte stays in the stream. */
#include "harness.h"
#include "wire.h"

WIRE_FIXTURE(urgent);

/* RFC9293 MUST-30, MUST-31: urgent data of any length is part of the stream */
TEST_F(urgent, inline_data)
{
	int fd = wire_accept(w);

	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_OOBINLINE, 1));
	wire_inject(w, ACK, .len = 100);
	wire_inject(w, ACK | URG, .len = 100, .urg = 50);
	wire_inject(w, ACK, .len = 100);
	wire_await_ack(w, 301);
	/* Linux stops a read at the mark; all the bytes come all the same */
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 300));
}

/* A pointer beyond the data, one of nothing, and one without a flag */
TEST_F(urgent, strange_pointers)
{
	int fd = wire_accept(w);

	LAB_OK(lab_set_opt(fd, SOL_SOCKET, SO_OOBINLINE, 1));
	wire_inject(w, ACK | URG, .len = 100, .urg = 65535);
	wire_inject(w, ACK | URG, .len = 100, .urg = 0);
	wire_inject(w, ACK, .len = 100, .urg = 20);
	wire_inject(w, ACK | URG, .urg = 1);
	wire_await_ack(w, 301);
	LAB_OK(lab_recv(fd, LAB_TO_KERNEL, 0, 300));
}

TEST_HARNESS_MAIN
