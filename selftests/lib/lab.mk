# SPDX-License-Identifier: GPL-2.0
# Included by the Makefile of each directory of tests, after it has named its programs. KSFT is the
# path of tools/testing/selftests in a kernel's sources (scripts/kselftest-tree prints it); OUTPUT
# is where the programs go.

ifeq ($(KSFT),)
$(error KSFT is not set: make KSFT=$$(scripts/kselftest-tree) ...)
endif

LAB_DIR := $(dir $(lastword $(MAKEFILE_LIST)))
LAB_SRCS := $(wildcard $(LAB_DIR)*.c)

# Not -O2: the harness's TEST_F() sets a variable between setjmp() and longjmp(), and an optimized
# program that fails an assertion then forgets to tear down (and to print the ladder).
CFLAGS += -O0 -g -Wall -Wno-unused-function -I$(LAB_DIR) -I$(KSFT)
LOCAL_HDRS += $(wildcard $(LAB_DIR)*.h)

# lib.mk wants one when it is not called from a make above it
OUTPUT ?= $(CURDIR)

include $(KSFT)/lib.mk

LAB_OBJS := $(patsubst $(LAB_DIR)%.c,$(OUTPUT)/lab-%.o,$(LAB_SRCS))
EXTRA_CLEAN += $(OUTPUT)/liblab.a $(LAB_OBJS)

$(LAB_OBJS): $(OUTPUT)/lab-%.o: $(LAB_DIR)%.c $(LOCAL_HDRS)
	$(call msg,CC,,$@)
	$(Q)$(CC) $(CFLAGS) -O2 $(CPPFLAGS) -c $< -o $@

$(OUTPUT)/liblab.a: $(LAB_OBJS)
	$(call msg,AR,,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(TEST_GEN_PROGS) $(TEST_GEN_PROGS_EXTENDED): $(OUTPUT)/liblab.a
