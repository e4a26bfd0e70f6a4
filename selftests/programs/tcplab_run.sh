#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# scripts/tcplab-run: what it moves, what it leaves alone, and what it says where it can do nothing.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"
tool=$top/scripts/tcplab-run

cat >"$work/sockets.py" <<'END'
# The same requests as they are, and moved: only TCP's may differ.
import socket, sys

TCP, UDP, MPTCP = 6, 17, 262
SEQPACKET, CLOEXEC, NONBLOCK = 5, socket.SOCK_CLOEXEC, socket.SOCK_NONBLOCK

def protocol(family, kind, number):
    try:
        with socket.socket(family, kind, number) as sock:
            return sock.getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL)
    except OSError as err:
        return err.strerror

for family in (socket.AF_INET, socket.AF_INET6):
    for kind in (socket.SOCK_STREAM, socket.SOCK_STREAM | CLOEXEC | NONBLOCK):
        for number in (0, TCP, MPTCP):
            print("tcp", protocol(family, kind, number))
    for kind, number in ((socket.SOCK_DGRAM, 0), (socket.SOCK_DGRAM, UDP), (socket.SOCK_DGRAM, TCP),
                         (socket.SOCK_STREAM, UDP), (SEQPACKET, 0), (socket.SOCK_RAW, 58)):
        print("other", protocol(family, kind, number))
for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, SEQPACKET):
    print("unix", protocol(socket.AF_UNIX, kind, 0))
print("pair", [s.family.name for s in socket.socketpair()])
END

# Whatever is asked as TCP is 253, and all the rest as without.
moves_tcp_only() {
	python3 "$work/sockets.py" >"$work/plain"
	"$tool" python3 "$work/sockets.py" >"$work/moved" || because "it does not run"
	[ "$(grep '^tcp' "$work/moved" | sort -u)" = "tcp 253" ] || because "TCP" "$work/moved"
	diff <(grep -v '^tcp' "$work/plain") <(grep -v '^tcp' "$work/moved") >"$work/diff" ||
		because "what is not TCP" "$work/diff"
	[ "$(grep -c '^tcp' "$work/moved") $(grep -vc '^tcp' "$work/moved")" = "12 16" ] ||
		because "not all was tried" "$work/moved"
}

honours_number() {
	TCPLAB_PROTOCOL=6 "$tool" python3 "$work/sockets.py" >"$work/moved"
	[ "$(grep '^tcp' "$work/moved" | sort -u)" = "tcp 6" ] || because "TCPLAB_PROTOCOL=6" "$work/moved"
	refuses 125 'has protocol 253' env TCPLAB_PROTOCOL=77 "$tool" true
	refuses 125 'no number' env TCPLAB_PROTOCOL=x "$tool" true
}

keeps_preload() {
	LD_PRELOAD=libutil.so.1 "$tool" cat /proc/self/maps >"$work/maps"
	grep -q 'libutil' "$work/maps" || because "the other library is gone"
	grep -q 'preload.so' "$work/maps" || because "the library is not there"
	# shellcheck disable=SC2016 # for the shell that is started
	[ "$("$tool" "$tool" sh -c 'echo "$LD_PRELOAD"' | grep -o 'preload.so' | wc -l)" = 1 ] ||
		because "it is there twice"
}

# refuses STATUS WORDS COMMAND...
refuses() {
	local status=$1 words=$2 got
	shift 2
	"$@" >"$work/said" 2>&1
	got=$?
	[ $got = "$status" ] || because "$*: exit status $got, not $status" "$work/said"
	grep -q "$words" "$work/said" || because "$* does not say \"$words\"" "$work/said"
}

says_go() {
	# what each has somewhere, and nothing else
	{ cat /bin/true; printf '\377 Go buildinf:'; } >"$work/go"
	chmod +x "$work/go"
	refuses 126 'is a Go program' "$tool" "$work/go"
}

says_static() {
	printf '#!/bin/busybox sh\necho no\n' >"$work/script"
	printf '#!/usr/bin/env -S busybox sh\necho no\n' >"$work/by-env"
	# as a program for 32 bits
	cp /bin/true "$work/narrow"
	printf '\001' | dd of="$work/narrow" bs=1 seek=4 conv=notrunc status=none
	chmod +x "$work/script" "$work/by-env"
	refuses 126 'busybox is static' "$tool" /bin/busybox true
	refuses 126 'busybox is static' "$tool" "$work/script"
	refuses 126 'busybox is static' "$tool" "$work/by-env"
	refuses 126 'another kind of processor' "$tool" "$work/narrow"
	refuses 127 'no such program' "$tool" no-such-program
	refuses 126 'is no program' "$tool" "$work"
}

says_set_uid() {
	cp "$(command -v id)" "$work/id"
	chmod 4755 "$work/id"
	"$tool" "$work/id" >"$work/said" 2>&1 || because "its owner may run it" "$work/said"
	refuses 126 'is set-uid' setpriv --reuid=65534 --regid=65534 --clear-groups "${run[@]}" "$work/id"
}

passes_on() {
	"$tool" -- sh -c 'exit 42' --check
	[ $? = 42 ] || because "the exit status is not that of the program"
	[ "$("$tool" printf '%s|' "a b" '*' '')" = 'a b|*||' ] || because "the arguments are not the same"
	"$tool" --help | grep -q 'usage: tcplab-run' || because "--help"
	"$tool" --check python3 || because "--check of what can be moved"
	refuses 125 'usage' "$tool"
}

says_no_module() {
	rmmod tcplab || because "rmmod"
	refuses 125 'module is not loaded' "$tool" true
	TCPLAB_PROTOCOL=6 "$tool" true || because "the kernel's TCP needs no module"
	insmod "$TCPLAB_KO" || because "insmod"
}

# once NAME FUNCTION
once() {
	bad=0
	"$2"
	ktap_test_result "$1" [ "$bad" = 0 ]
}

ktap_print_header
ktap_set_plan 8
once "what asks for TCP is moved, and nothing else" moves_tcp_only
once "TCPLAB_PROTOCOL" honours_number
once "an LD_PRELOAD that is there is kept" keeps_preload
once "static programs, scripts for them, and what is no program" says_static
once "Go programs" says_go
once "set-uid programs" says_set_uid
once "arguments and exit status" passes_on
once "the module is not loaded" says_no_module
rm -rf "$work"
finish
