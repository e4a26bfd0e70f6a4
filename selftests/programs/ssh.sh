#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# OpenSSH: scp there, and its hash taken by a command over there; scp back. 50 MB there the first
# time.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

options() {
	printf '%s\n' "-F" none -o "IdentityFile=$work/key" -o StrictHostKeyChecking=no \
		-o "UserKnownHostsFile=$work/known" -o "HostKeyAlias=$1" -o LogLevel=ERROR -o BatchMode=yes \
		-o KexAlgorithms=curve25519-sha256 # the default takes seconds where it is emulated
}

# copies ADDRESS URL LINK: once all of it, otherwise less
copies() {
	local file=$work/small option

	if [ "$(size 0 1)" = 1 ] || [ "$1 $3" = "$server6 clean" ]; then
		file=$work/large
	fi
	mapfile -t option < <(options server)
	client 120 scp "${option[@]}" -P 2222 "$file" "root@$2:$work/there" >"$work/said" 2>&1 ||
		because "scp there" "$work/said"
	client 60 ssh "${option[@]}" -p 2222 "root@$1" "sha256sum <$work/there" >"$work/said" 2>&1 ||
		because "ssh" "$work/said"
	[ "$(cut -d ' ' -f 1 "$work/said")" = "$(sum "$file")" ] || because "the hash over there" "$work/said"
	client 120 scp "${option[@]}" -P 2222 "root@$2:$work/small" "$work/back" >"$work/said" 2>&1 ||
		because "scp back" "$work/said"
	same "$work/small" "$work/back"
	rm -f "$work/there" "$work/back"
}

begin "$proofs" sshd ssh scp ssh-keygen
random_file "$work/large" $((50 * 1000 * 1000))
head -c 3000000 "$work/large" >"$work/small"
ssh-keygen -q -t ed25519 -N '' -f "$work/key"
ssh-keygen -q -t ed25519 -N '' -f "$work/host"
cp "$work/key.pub" "$work/authorized"
cat >"$work/sshd_config" <<END
Port 2222
ListenAddress $server4
ListenAddress $server6
HostKey $work/host
AuthorizedKeysFile $work/authorized
PidFile none
StrictModes no
UsePAM no
PermitRootLogin yes
Subsystem sftp internal-sftp
END
# Root must not be locked, and sshd wants its folder: in its own view of the file system.
sed 's/^root:[^:]*:/root:*:/' /etc/shadow >"$work/shadow"
cat >"$work/sshd" <<END
mkdir -p /run/sshd
mount --bind $work/shadow /etc/shadow
exec ${run[*]} $(command -v sshd) -D -e -f $work/sshd_config
END
ip netns exec server sh "$work/sshd" >"$work/server.log" 2>&1 &
servers+=($!)
until_true 60 listens 2222 || give_up "sshd does not listen: $(tail -n 5 "$work/server.log")"
prove "OpenSSH, scp of files" 3 copies
finish
