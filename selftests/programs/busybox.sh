#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Static programs, which load no library: busybox's httpd and wget, moved by BPF with their control
# groups (tcplab-run --cgroup). Linux 6.6 and later.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"
run+=(--cgroup)

fetches() {
	client 60 busybox wget -q -O "$work/came" "http://$2:8000/file" >"$work/said" 2>&1 ||
		because "wget" "$work/said"
	same "$work/site/file" "$work/came"
}

begin $((proofs + 1)) busybox
mkdir "$work/site"
random_file "$work/site/file" "$(size 3000000 50000000)"
serve 8000 busybox httpd -f -p 8000 -h "$work/site"
prove "busybox, static" 1 fetches

# Who is in no such group is not moved, while one is; and nothing stays behind.
bad=0
plain=$(python3 -c \
	'import socket; print(socket.socket().getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL))')
[ "$plain" = 6 ] || because "a program beside it has protocol $plain"
kill "${servers[-1]}"
no_groups() {
	! find /sys/fs/cgroup -name 'tcplab-run.*' | grep -q .
}
until_true 30 no_groups || because "a control group stays behind"
ktap_test_result "others are not moved, and no control group stays" [ "$bad" = 0 ]
finish
