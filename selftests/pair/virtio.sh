#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Two VMs with a NIC each (virtio-net), joined by a socket of QEMU's: every byte arrives in both
# directions, no packet is larger than the link allows, and neither kernel complains.
#
# Needs TCPLAB_KO, the module's file, and TCPLAB_KERNEL, whose module it is.

here=$(cd "$(dirname "$0")" && pwd)
ko=$(realpath "${TCPLAB_KO:?}")

# shellcheck source=/dev/null
. "${KSFT:?}/kselftest/ktap_helpers.sh"

tmp=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; wait; rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

# boot ROLE MINE OTHERS: in the background
boot() {
	"$here/../../scripts/vm" --kernel "${TCPLAB_KERNEL:?}" --one-thread --smp 1 --mem 512M \
		--timeout 240 --wire "$tmp/$2,$tmp/$3" --insmod "$ko" \
		-- "$here/end.sh" "$1" >"$tmp/$1" 2>"$tmp/$1.stderr" &
}

# Both ends must say so.
verdict() {
	if grep -qxF "ok $1" "$tmp/server" && grep -qxF "ok $1" "$tmp/client"; then
		ktap_test_pass "$1"
	else
		ktap_test_fail "$1"
	fi
}

boot server a b
boot client b a
wait

cases=$("$here/stream.py" list)
ktap_print_header
ktap_set_plan $(($(wc -l <<<"$cases") + 1))
sed 's/^/# /' "$tmp/server" "$tmp/client" "$tmp"/*.stderr
while read -r each; do
	verdict "$each"
done <<<"$cases"
verdict "no complaint"
ktap_finished
