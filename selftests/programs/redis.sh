#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# redis-server: redis-benchmark with and without pipelining, a large value there and back, and many
# commands in one stream.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

# What the client does, in one script: to move each command for itself takes longer than the command.
cat >"$work/commands.sh" <<'END'
cli="redis-cli -h $1"
cd "$2" || exit
redis-benchmark -h "$1" -c 8 -q --csv -n "$3" -t set,get,incr >benchmark || exit
redis-benchmark -h "$1" -c 8 -q --csv -n "$4" -P 16 -t set,get,incr >>benchmark || exit
$cli -x set large <value || exit
$cli --raw get large >came || exit
$cli --pipe <many || exit
$cli get count >count
END

all() {
	client 120 sh "$work/commands.sh" "$1" "$work" "$(size 300 10000)" "$(size 3000 100000)" \
		>"$work/said" 2>&1 || because "the commands" "$work/said"
	[ "$(grep -cE '^"(SET|GET|INCR)","[0-9]' "$work/benchmark")" = 6 ] ||
		because "redis-benchmark has not six results" "$work/benchmark"
	truncate -s -1 "$work/came" # the newline that it prints behind the value
	same "$work/value" "$work/came"
	grep -q 'errors: 0, replies: 5000' "$work/said" || because "replies are missing" "$work/said"
	counted=$((counted + 5000))
	[ "$(cat "$work/count")" = $counted ] || because "commands are missing" "$work/count"
}

begin "$proofs" redis-server redis-benchmark redis-cli
random_file "$work/octets" 1000000
base64 "$work/octets" >"$work/value"
counted=0
for ((i = 0; i < 5000; i++)); do
	echo "incr count"
done >"$work/many"
serve 6379 redis-server --bind "$server4" "$server6" --protected-mode no --save '' --appendonly no \
	--dir "$work"
prove "redis" 20 all
finish
