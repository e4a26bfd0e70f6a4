#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# insmod and rmmod: which protocol numbers are taken, what is said of the others,
# and that a module in use stays.
#
# Needs TCPLAB_KO, the module's file; the module must not be loaded.

hold=${TCPLAB_TOP:?}/build/selftests/vm/hold
ko=${TCPLAB_KO:?}

# shellcheck source=/dev/null
. "${KSFT:?}/kselftest/ktap_helpers.sh"

loaded() {
	grep -q '^tcplab ' /proc/modules
}

mark() {
	line="tcplab-test: $RANDOM$RANDOM"
	echo "$line" >/dev/kmsg
}

said() {
	dmesg | sed "1,/$line/d" | grep 'tcplab:'
}

verdict() {
	if [ "$1" = 0 ]; then
		ktap_test_pass "$2"
	else
		ktap_test_fail "$2"
		rmmod tcplab 2>/dev/null
	fi
}

refused() {
	local what=$1 err
	shift
	mark
	if err=$(insmod "$ko" "$@" 2>&1) || loaded; then
		verdict 1 "$what is refused"
		return
	fi
	echo "# insmod: ${err##*: }; log: $(said)"
	# Of a value that is no number it is the kernel that complains.
	said | grep -qi "protocol"
	verdict $? "$what is refused, and the log says why"
}

works_as() {
	insmod "$ko" protocol="$1" && "$hold" "$1" 4 </dev/null && "$hold" "$1" 6 </dev/null &&
		rmmod tcplab
	verdict $? "protocol=$1 works"
}

in_use() {
	local family=$1 status=1 answer err
	insmod "$ko" || { verdict 1 "insmod"; return; }
	coproc "$hold" 253 "$family"
	local pid=$COPROC_PID in=${COPROC[1]} out=${COPROC[0]}
	read -r answer <&"$out"
	if ! err=$(rmmod tcplab 2>&1) && [ "$answer" = open ] && loaded; then
		[[ $err == *"in use"* || $err == *"temporarily unavailable"* ]] && status=0
	fi
	echo "# socket: $answer; rmmod: $err"
	verdict $status "rmmod is refused while an IPv$family socket is open"
	eval "exec $in>&-"
	wait "$pid"
	loaded && rmmod tcplab && ! loaded
	verdict $? "rmmod works once it is closed"
}

again_and_again() {
	local done=0
	while [ $done -lt 20 ] && insmod "$ko" && "$hold" 253 4 </dev/null >/dev/null &&
		rmmod tcplab; do
		done=$((done + 1))
	done
	[ $done = 20 ] && ! loaded
	verdict $? "20 times loaded and removed"
}

ktap_print_header
ktap_set_plan 10
refused "protocol=0" protocol=0
refused "protocol=256" protocol=256
refused "protocol=6, which is TCP's," protocol=6
refused "protocol=abc" protocol=abc
works_as 200
in_use 4
in_use 6
again_and_again
ktap_finished
