#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# socat: a file goes to a server that answers with its hash when the client has closed its half; and
# one comes back.
#
# (No echo by PIPE: when the buffers of both directions are full, socat waits in write() at both
# ends for ever, over TCP as well.)

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

both() {
	client 60 socat -t 60 - "TCP:$2:7000" <"$work/sent" >"$work/hash" 2>"$work/said" ||
		because "socat there" "$work/said"
	[ "$(cut -d ' ' -f 1 "$work/hash")" = "$hash" ] || because "the hash" "$work/hash"
	client 60 socat -u "TCP:$2:7001" - >"$work/came" 2>"$work/said" || because "socat back" "$work/said"
	same "$work/sent" "$work/came"
}

begin "$proofs" socat
random_file "$work/sent" "$(size 1000000 20000000)"
hash=$(sum "$work/sent")
serve 7000 socat TCP6-LISTEN:7000,fork,reuseaddr EXEC:sha256sum
serve 7001 socat -U TCP6-LISTEN:7001,fork,reuseaddr "FILE:$work/sent"
prove "socat, a file there and back" 2 both
finish
