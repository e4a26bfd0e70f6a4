/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kselftest's harness, with the four variants and the verdicts of lab.h. For test programs only:
 * the harness defines functions, so the library's own files must not include it.
 */
#ifndef LAB_HARNESS_H
#define LAB_HARNESS_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "lab.h"

/* The harness evaluates a test's time limit at run time, so that it can follow TCPLAB_SLOW. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	lab_secs(30)

/* Declare the 2 x 2 variants of a fixture; its FIXTURE_SETUP() begins with LAB_BEGIN(). */
#define LAB_VARIANTS(fixture)						\
	FIXTURE_VARIANT(fixture) { int family; bool tcplab; };		\
	FIXTURE_VARIANT_ADD(fixture, tcp_v4) { AF_INET, false };	\
	FIXTURE_VARIANT_ADD(fixture, tcp_v6) { AF_INET6, false };	\
	FIXTURE_VARIANT_ADD(fixture, lab_v4) { AF_INET, true };		\
	FIXTURE_VARIANT_ADD(fixture, lab_v6) { AF_INET6, true }

#define __LAB_VERDICT(call)						\
	switch (call) {							\
	case LAB_READY:							\
		break;							\
	case LAB_SKIP:							\
		SKIP(return, "%s", lab_why());				\
	default:							\
		ASSERT_TRUE(false)					\
			TH_LOG("%s", lab_why());			\
	}

/* Fresh namespace with lo up, protocol there; else skip or fail as the environment demands. */
#define LAB_BEGIN(lab)	__LAB_VERDICT(lab_begin((lab), variant->family, variant->tcplab))

/* For a fixture that runs both in turn: begins with the kernel's; @number: tcplab's. */
#define LAB_BEGIN_BOTH(lab, number, family) do {			\
	__LAB_VERDICT(lab_begin((lab), (family), true));		\
	(number) = (lab)->proto;					\
	__LAB_VERDICT(lab_begin((lab), (family), false));		\
} while (0)

/* A fixture that is nothing but a fresh namespace: self->lab. */
#define LAB_FIXTURE(fixture)						\
	FIXTURE(fixture) { struct lab lab; };				\
	LAB_VARIANTS(fixture);						\
	FIXTURE_SETUP(fixture) { LAB_BEGIN(&self->lab); }		\
	FIXTURE_TEARDOWN(fixture) { }					\
	struct lab

/* Assert that a library call returned 0 (or >= 0); its own words say what went wrong. */
#define LAB_OK(call) do {						\
	if ((call) < 0) {						\
		TH_LOG("%s", lab_why());				\
		_metadata->exit_code = KSFT_FAIL;			\
		__bail(1, _metadata);					\
	}								\
} while (0)

/* A file descriptor from a library call, or the end of the test. */
#define LAB_FD(call) ({							\
	int __fd = (call);						\
	LAB_OK(__fd);							\
	__fd; })

/* Assert that a system call fails with exactly this errno. */
#define LAB_ERRNO(err, call) do {					\
	errno = 0;							\
	EXPECT_EQ(-1, (long)(call))					\
		TH_LOG("%s succeeded, expected %s", #call, strerror(err)); \
	EXPECT_EQ(err, errno)						\
		TH_LOG("%s: got %s, expected %s", #call, strerror(errno), strerror(err)); \
} while (0)

/*
 * A value that legitimately differs: what the kernel's TCP shows, what tcplab shows, and why. The
 * reason is for the reader; Documentation/differences.rst tells it to users.
 */
#define LAB_DIFFERS(lab, on_tcp, on_tcplab, why)	((lab)->oracle ? (on_tcp) : (on_tcplab))

#endif /* LAB_HARNESS_H */
