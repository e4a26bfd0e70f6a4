# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# For proofs with real programs: a server in one namespace, its client in another, a veth between
# them (scripts/lab), both unmodified, both moved by scripts/tcplab-run. A program is tried over
# IPv4 and IPv6, on a clean link and with 1 % loss each way: prove() does two of the four cells, so that
# "make check" has time for them, and says "ok" for each if
#
# - what the program was to do succeeds (data came whole: that is for the caller to see);
# - tcplab's counters tell of connections and segments, at both ends;
# - the wire carried protocol 253, both ways, and not a single packet of protocol 6;
# - the kernel's own TCP has sent and received nothing, in either namespace;
# - where the link loses packets, it did.
#
# TCPLAB_FULL=1 does all four, and moves more data: size SHORT FULL chooses.
#
# A test begins with "begin PROGRAMS...", and ends with "finish", which ends the servers.

top=${TCPLAB_TOP:-$(cd "$(dirname "$0")/../.." && pwd)}
slow=${TCPLAB_SLOW:-1}
lab=$top/scripts/lab
server4=10.0.0.2
server6=fd00::2
cells=(clean:6 lossy:4)
[ "${TCPLAB_FULL:-0}" = 0 ] || cells=(clean:4 clean:6 lossy:4 lossy:6)
# shellcheck disable=SC2034 # for the files that read this one
proofs=${#cells[@]}
work=$(mktemp -d /dev/shm/programs-XXXXXX) || exit 1

# Where everybody may read it, as it is when it is installed: some servers refuse to be root's.
chmod 755 "$work"
mkdir -p "$work/bin" "$work/lib/tcplab"
cp "$top/scripts/tcplab-run" "$work/bin/"
[ -e "$top/build/tools/cgroup" ] || make -s -C "$top" tools || exit 1
cp "$top/build/tools/preload.so" "$top/build/tools/cgroup" "$work/lib/tcplab/"
run=("$work/bin/tcplab-run")

KSFT=${KSFT:-$("$top/scripts/kselftest-tree")}
# shellcheck source=/dev/null
. "$KSFT/kselftest/ktap_helpers.sh"

# size SHORT FULL: of the two, which is to be moved?
size() {
	echo "$((${TCPLAB_FULL:-0} ? $2 : $1))"
}

# on HOST COMMAND...: as it is
on() {
	local host=$1
	shift
	ip netns exec "$host" "$@"
}

# client SECONDS COMMAND...: over tcplab, for so long at most
client() {
	local limit=$(($1 * slow))
	shift
	ip netns exec client "${run[@]}" timeout -k 5 "$limit" "$@"
}

# because WHY [FILE]: something is wrong, and the end of what a program said about it
because() {
	echo "# $1"
	[ -z "${2:-}" ] || tail -n 15 "$2" | sed 's/^/#   /'
	bad=1
	return 1
}

# until_true SECONDS COMMAND...: wait for a condition
until_true() {
	local end=$((SECONDS + $1 * slow))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}

# A process in each namespace shows it to us: /proc/PID/net. To start one for each look would cost
# more than most of what is tested here.
listens() {
	grep -q ":$1 " "/proc/$pid_server/net/tcplab/listeners"
}

# serve PORT COMMAND...: start a server, over tcplab, and wait until it listens there.
serve() {
	local port=$1
	shift
	ip netns exec server "${run[@]}" "$@" >"$work/server.log" 2>&1 &
	servers+=($!)
	until_true 60 listens "$port" ||
		give_up "$1 does not listen on port $port: $(tail -n 5 "$work/server.log")"
}

give_up() {
	echo "Bail out! $*"
	exit 1
}

# random_file FILE BYTES: each time the same octets
random_file() {
	python3 -c 'import random, sys; sys.stdout.buffer.write(random.Random(253).randbytes(int(sys.argv[1])))' \
		"$2" >"$1"
}

sum() {
	sha256sum "$@" | cut -d ' ' -f 1
}

same() {
	cmp "$1" "$2" >"$work/cmp" 2>&1 || because "it came changed: $(cat "$work/cmp")"
}

# curl_file URL: fetch the file of $work/site, and look whether it came as it is
curl_file() {
	client 60 curl -sS --fail -o "$work/came" "$1" 2>"$work/said" || because "curl" "$work/said"
	same "$work/site/file" "$work/came"
	rm -f "$work/came"
}

# count -1, and later count 1: what tcplab and the kernel's TCP have counted meanwhile, at either host
declare -A risen
count() {
	local host pid name value rest

	[ "$1" = 1 ] || risen=()
	for host in client server; do
		pid=pid_$host
		while read -r name value; do
			[ "$name" = Name ] || risen["$host $name"]=$((${risen["$host $name"]:-0} + $1 * value))
		done <"/proc/${!pid}/net/tcplab/counters"
		while read -r name _ _ _ _ _ _ _ _ _ value rest _; do
			if [ "$name" = Tcp: ] && [ "$value" != InSegs ]; then
				risen["$host kernel"]=$((${risen["$host kernel"]:-0} + $1 * (value + rest)))
			fi
		done <"/proc/${!pid}/net/snmp"
	done
}

# capture FILE PACKETS FILTER...: in the background, from when it is ready. It prints, a line each.
capture() {
	local file=$1 packets=$2
	shift 2
	ip netns exec server tcpdump -n -q -l --immediate-mode -i veth0 -c "$packets" "$@" >"$file" 2>"$file.log" &
	tcpdump=$!
	until_true 30 grep -q 'listening on' "$file.log" || give_up "tcpdump: $(cat "$file.log")"
}

# Of protocol 253 some packets are enough; those of protocol 6 are captured all the time.
watch_begin() {
	capture "$work/253" 300 'ip proto 253 or ip6 proto 253'
	count -1
}

watch_end() {
	count 1
	kill -INT "$tcpdump" 2>/dev/null
	wait "$tcpdump"
}

# at_least NUMBER HOST NAME...: each has risen by as much
at_least() {
	local number=$1 host=$2 name
	shift 2
	for name; do
		[ "${risen["$host $name"]}" -ge "$number" ] ||
			because "$name of the $host rose by ${risen["$host $name"]}, not by $number"
	done
}

# was_253 ADDRESS OPENS LINK
was_253() {
	local host again=0

	at_least "$2" client ActiveOpens
	at_least "$2" server PassiveOpens
	for host in client server; do
		at_least 10 $host InSegs OutSegs
		[ "${risen["$host kernel"]}" = 0 ] || because "the kernel's TCP had segments at the $host"
		again=$((again + ${risen["$host RetransSegs"]}))
	done
	grep -q " > $1: .*253" "$work/253" || because "no packet of protocol 253 to $1" "$work/253"
	grep -q " $1 > .*253" "$work/253" || because "no packet of protocol 253 from $1" "$work/253"
	[ ! -s "$work/6" ] || because "packets of protocol 6 on the wire" "$work/6"
	[ "$3" = clean ] || [ $again -gt 0 ] || because "nothing was lost, or nothing sent again"
	echo "# opened ${risen["client ActiveOpens"]}, segments there ${risen["client OutSegs"]}," \
		"back ${risen["server OutSegs"]}, again $again"
}

# begin TESTS PROGRAM...: two hosts; and a test of what is not installed proves nothing
begin() {
	local tests=$1 program
	shift
	for program in ip tc tcpdump python3 "$@"; do
		command -v "$program" >/dev/null || { ktap_skip_all "$program is not installed"; exit "$KSFT_SKIP"; }
	done
	trap end_servers EXIT
	servers=()
	"$lab" up || give_up "no namespaces"
	# not by a function, whose process would be a shell in no namespace
	ip netns exec client sleep infinity &
	pid_client=$!
	ip netns exec server sleep infinity &
	pid_server=$!
	servers+=("$pid_client" "$pid_server")
	until_true 30 test -e /proc/$pid_client/net/tcplab/counters -a -e /proc/$pid_server/net/tcplab/counters
	capture "$work/6" 1000 'ip proto 6 or ip6 proto 6'
	servers+=("$tcpdump")
	ktap_print_header
	ktap_set_plan "$tests"
}

end_servers() {
	kill "${servers[@]}" 2>/dev/null
	wait
	"$lab" down
	rm -rf "$work"
}

finish() {
	ktap_finished
}

# prove WHAT OPENS FUNCTION: call FUNCTION with the server's address, plain and as it is in a URL, and
# with the link's state (clean, lossy): for each cell. It opens OPENS connections at least.
prove() {
	local cell link family address url begun

	for cell in "${cells[@]}"; do
		link=${cell%:*} family=${cell#*:}
		[ "$link" = clean ] || "$lab" link loss 1% || give_up "no netem"
		[ "$family" = 4 ] && address=$server4 url=$server4 || address=$server6 url="[$server6]"
		bad=0
		watch_begin
		begun=${EPOCHREALTIME/./}
		"$3" "$address" "$url" "$link" || because "it does not do its work"
		begun=$(((${EPOCHREALTIME/./} - begun) / 1000))
		watch_end
		was_253 "$address" "$2" "$link"
		echo "# it took $begun ms"
		ktap_test_result "$1, IPv$family, $link link" [ "$bad" = 0 ]
	done
	"$lab" link clean
}
