#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Programs in Go, which call the kernel without the C library: caddy serves files, hey asks for a
# small one on 8 connections; both moved by BPF (tcplab-run --cgroup). Linux 6.6 and later.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"
run+=(--cgroup)
export HOME=$work

# Every answer is a good one. (hey ends well in any case.)
asks() {
	local requests
	requests=$(size 200 5000)

	client 60 hey -n "$requests" -c 8 "http://$1:8000/" >"$work/said" 2>&1 ||
		because "hey" "$work/said"
	grep -q "\[200\][[:space:]]*$requests responses" "$work/said" ||
		because "not all was answered" "$work/said"
}

all() {
	curl_file "http://$2:8000/file"
	asks "$2"
}

begin "$proofs" caddy hey curl
mkdir "$work/site"
random_file "$work/site/file" "$(size 3000000 50000000)"
echo "a small page" >"$work/site/index.html"
serve 8000 caddy file-server --listen :8000 --root "$work/site"
prove "caddy and hey, in Go" 9 all
finish
