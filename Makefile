# SPDX-License-Identifier: GPL-2.0
#
# tcplab's front door: "make help" lists what there is.  The objects of the
# module are listed in Kbuild.

KVER ?= 6.12
TESTS ?=

top := $(CURDIR)
# Looked up late: "make" may first have to install the headers. Not by $(wildcard), which would
# remember that they were missing.
KDIR = $(shell ls -d /lib/modules/$(KVER)/build /lib/modules/$(KVER)[.+-]*/build 2>/dev/null | \
		sort -V | tail -n 1)
release = $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' \
		"$(KDIR)/include/generated/utsrelease.h" 2>/dev/null)

# Every kernel has a folder of its own, in which links stand for the sources:
# objects of two kernels never mix, and both stay up to date.
work = $(top)/build/$(release)

# A module gets no BTF without the kernel's vmlinux: let it not complain.
kbuild = $(MAKE) --no-print-directory -C "$(KDIR)" M="$(work)" CONFIG_DEBUG_INFO_BTF_MODULES=

.PHONY: all module tools packages compile helpers failmem cc-example release tests check debug debug-race bench bench-links fuzz demo vm lint install install-programs clean help

all: module tools

module: compile
	@cmp -s "$(work)/tcplab.ko" tcplab.ko || cp "$(work)/tcplab.ko" tcplab.ko

# In a rule of its own: make expands all lines of a recipe before it runs the first.
packages:
	@scripts/setup build

compile: packages
	@if [ -z "$(release)" ]; then \
		echo "make: no kernel headers for KVER=$(KVER) KDIR=$(KDIR)" >&2; exit 1; \
	fi
	@scripts/source-links "$(work)"
	@echo "  KERNEL  $(release)"
	+@$(kbuild) modules

# For programs, not for the kernel: what scripts/tcplab-run loads into them
tools: build/tools/preload.so build/tools/cgroup

build/tools/preload.so: tools/preload.c module/uapi/tcplab.h
	@mkdir -p $(@D)
	@$(CC) -O2 -Wall -Wextra -fPIC -shared -o $@ $< -ldl

# and how it moves a control group
build/tools/cgroup: tools/cgroup.c tools/btf.h
	@mkdir -p $(@D)
	@$(CC) -O2 -Wall -Wextra -o $@ $<

# Counts the instructions that QEMU lets run, for PROFILE=1 of make bench
build/tools/count.so: tools/count.c
	@mkdir -p $(@D)
	@$(CC) -O2 -Wall -Wextra -fPIC -fvisibility=hidden -shared -o $@ $<

# Modules that tests load, for the same kernel, in folders beside the module's objects
helpers: failmem cc-example

failmem: compile
	@mkdir -p "$(work)-failmem"
	@ln -sf "$(top)"/selftests/stress/failmem/* "$(work)-failmem/"
	+@$(MAKE) --no-print-directory -C "$(KDIR)" M="$(work)-failmem" \
		CONFIG_DEBUG_INFO_BTF_MODULES= modules
	@cp "$(work)-failmem/failmem.ko" "$(work)/"

cc-example: compile
	@mkdir -p "$(work)-cc"
	@ln -sf "$(top)"/selftests/cc/* "$(work)-cc/"
	+@$(MAKE) --no-print-directory -C "$(KDIR)" M="$(work)-cc" TCPLAB="$(top)/module" \
		KBUILD_EXTRA_SYMBOLS="$(work)/Module.symvers" CONFIG_DEBUG_INFO_BTF_MODULES= modules
	@cp "$(work)-cc/tcplab_fixed.ko" "$(work)/"

release:
	@echo "$(release)"

tests:
	@scripts/setup check
	@scripts/build-tests

check:
	@scripts/setup check programs
	+@$(MAKE) --no-print-directory tools
	@TESTS="$(TESTS)" KVER="$(if $(filter-out environment file,$(origin KVER)),$(KVER))" \
		scripts/check

debug:
	@scripts/setup check debug
	@TESTS="$(TESTS)" KVER= scripts/check debug

debug-race:
	@scripts/setup check debug
	@TESTS="$(TESTS)" KVER= scripts/check race

bench:
	@scripts/setup check
	@ROWS='$(value ROWS)' RUNS='$(RUNS)' REAL='$(REAL)' WORDS='$(WORDS)' IDLE='$(IDLE)' \
		PROFILE='$(PROFILE)' scripts/bench

# CC is make's name for the compiler, too: only one that was given counts.
bench-links:
	@scripts/setup check
	@CELLS='$(value CELLS)' SEEDS='$(SEEDS)' TRACE='$(TRACE)' SELF='$(SELF)' \
		CC='$(if $(filter command,$(origin CC)),$(CC))' scripts/bench-links

fuzz:
	@scripts/fuzz

demo:
	@scripts/setup check
	@scripts/demo

vm: module
	@scripts/setup vm
	@scripts/vm --kernel "$(release)" --insmod "$(top)/tcplab.ko" --lab

lint:
	@scripts/setup lint
	@scripts/lint

install: compile install-programs
	install -D -m 644 "$(work)/tcplab.ko" "$(DESTDIR)/lib/modules/$(release)/updates/tcplab.ko"
	@# what a module with an algorithm of its own needs: Documentation/congestion-control.rst
	install -D -m 644 "$(work)/Module.symvers" "$(DESTDIR)/lib/modules/$(release)/updates/tcplab.symvers"
	@for header in cc/cc.h pure.h compat.h wire.h; do \
		install -v -D -m 644 module/$$header "$(DESTDIR)/usr/local/include/tcplab/$$header"; done
	@[ -n "$(DESTDIR)" ] || depmod "$(release)"

# What does not depend on the kernel
install-programs: tools
	install -D -m 644 module/uapi/tcplab.h "$(DESTDIR)/usr/local/include/tcplab.h"
	install -D -m 755 scripts/tcplab-run "$(DESTDIR)/usr/local/bin/tcplab-run"
	install -D -m 755 build/tools/preload.so "$(DESTDIR)/usr/local/lib/tcplab/preload.so"
	install -D -m 755 build/tools/cgroup "$(DESTDIR)/usr/local/lib/tcplab/cgroup"

clean:
	rm -rf build tcplab.ko

help:
	@echo 'make            build tcplab.ko for KVER=6.12 (or KVER=6.1, or KDIR=/path/of/headers);'
	@echo '                W=1, C=1 and V=1 as in the kernel; SEPARATE=1 keeps all functions, to trace'
	@echo 'make demo       boot a VM and show what tcplab does'
	@echo 'make check      all tests, in VMs; TESTS="wire api/basic" for some, KVER=6.1 for one kernel'
	@echo 'make debug      all tests on a kernel that finds bugs (KASAN, lockdep, kmemleak ...), built once'
	@echo 'make debug-race tests for several CPUs on a kernel that finds data races (KCSAN), built once'
	@echo 'make fuzz       what nobody sane would send: libFuzzer, and in a VM a peer that lies;'
	@echo '                FUZZ_SECONDS=60 FUZZ_SEGMENTS=1000000 FUZZ_SEED=n'
	@echo 'make bench      instructions (REAL=1: time) by those of the kernel'"'"'s TCP, row by row;'
	@echo '                ROWS=regex RUNS=3 REAL=1 WORDS=1 IDLE=100000 LAND=1|worse'
	@echo 'make bench-links  goodput on bad links by that of the kernel'"'"'s TCP, cell by cell;'
	@echo '                CELLS=regex SEEDS=5 CC=cubic TRACE=1 SELF=1'
	@echo 'make vm         a shell in a VM with the module loaded and two namespaces joined by veth'
	@echo 'make lint       checkpatch, sparse, W=1, shellcheck'
	@echo 'make tests      build the test programs only'
	@echo 'make install    the module, its header, tcplab-run; under DESTDIR'
	@echo 'make clean      remove what was built'
