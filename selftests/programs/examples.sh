#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What "make install" installs: the examples build with cc alone, and speak to each other; and
# tcplab-run works from where it is then.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

# in_usr COMMAND...: where what was installed is in /usr/local
in_usr() {
	# shellcheck disable=SC2016 # for the shell that is started
	unshare -m sh -c 'mount --bind "$0" /usr/local && exec "$@"' "$work/root/usr/local" "$@"
}

# once NAME COMMAND...
once() {
	local name=$1
	shift
	bad=0
	"$@" >"$work/said" 2>&1 || because "$name" "$work/said"
	ktap_test_result "$name" [ "$bad" = 0 ]
}

build() {
	in_usr cc -Wall -Werror -o "$work/$1" "$top/examples/$1.c"
}

hello() {
	ip netns exec client "$work/client" "$server4" 7000 >"$work/answer" 2>"$work/said" || because "client" "$work/said"
	[ "$(cat "$work/answer")" = hello ] || because "the answer" "$work/answer"
}

moved_by_installed() {
	local number
	number=$(in_usr tcplab-run python3 -c \
		'import socket; print(socket.socket().getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL))')
	[ "$number" = 253 ] || because "its socket is of protocol $number"
}

begin 5 cc make unshare
once "make install-programs" make -C "$top" install-programs DESTDIR="$work/root"
once "client.c builds with cc alone" build client
once "server.c builds with cc alone" build server
ip netns exec server "$work/server" 7000 >"$work/server.log" 2>&1 &
servers+=($!)
until_true 30 listens 7000 || give_up "the server does not listen: $(cat "$work/server.log")"
once "the client gets its answer" hello
once "tcplab-run, where it is installed" moved_by_installed
finish
