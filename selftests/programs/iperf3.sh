#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# iperf3, eight streams at once, from the client and then to it. It keeps no data: what it says of
# the octets sent and received is what can be looked at.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

# All was sent; what was on its way at the end, and in eight large buffers, it does not wait for.
good_report() {
	python3 - "$1" "$bytes" <<-'END'
		import json, sys
		end = json.load(open(sys.argv[1]))["end"]
		sent, came = end["sum_sent"]["bytes"], end["sum_received"]["bytes"]
		print(f"# sent {sent}, received {came}, {end['sum_received']['bits_per_second'] / 8e6:.1f} MB/s,"
		      f" again {end['sum_sent'].get('retransmits')}")
		sys.exit(not (len(end["streams"]) == 8 and sent >= int(sys.argv[2]) and 0 < came <= sent))
	END
}

# both ADDRESS: there and back
both() {
	local port way

	# each server is busy for a moment after its test, and listens anew
	for port in 5201 5202; do
		way=
		[ $port = 5201 ] || way=-R
		until_true 60 listens $port || because "iperf3 does not listen again"
		# shellcheck disable=SC2086 # an empty word is none
		client 60 iperf3 -c "$1" -p $port -P 8 -n "$bytes" --json $way >"$work/report" 2>&1 ||
			because "iperf3 $way" "$work/report"
		good_report "$work/report" || because "the report of iperf3 $way" "$work/report"
	done
}

begin "$proofs" iperf3
bytes=$(size 8000000 200000000)
serve 5201 iperf3 -s -p 5201
serve 5202 iperf3 -s -p 5202
prove "iperf3, 8 parallel, both directions" 18 both
finish
