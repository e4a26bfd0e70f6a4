#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# PostgreSQL and pgbench: 100,000 rows in one stream, then transactions of several clients, and the
# books must balance.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

bin=$(find /usr/lib/postgresql -name pgbench -printf '%h\n' 2>/dev/null | sort -V | tail -n 1)
PATH=$PATH:$bin
transactions=$(size 25 1000)
export PGUSER=lab PGDATABASE=postgres

# as_nobody COMMAND...: a database server refuses to be root's
as_nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

all() {
	local sums

	export PGHOST=$1
	client 120 "$bin/pgbench" -i -q -s 1 >"$work/said" 2>&1 || because "pgbench -i" "$work/said"
	client 120 "$bin/pgbench" -n -c 4 -j 2 -t "$transactions" >"$work/said" 2>&1 || because "pgbench" "$work/said"
	grep -q "transactions actually processed: $((4 * transactions))/" "$work/said" ||
		because "transactions are missing" "$work/said"
	sums=$(client 60 "$bin/psql" -At -F ' ' -c "select (select count(*) from pgbench_accounts),
		(select count(*) from pgbench_history), (select sum(delta) from pgbench_history) =
		(select sum(abalance) from pgbench_accounts), (select sum(delta) from pgbench_history) =
		(select sum(bbalance) from pgbench_branches)" 2>&1)
	[ "$sums" = "100000 $((4 * transactions)) t t" ] || because "the books: $sums"
}

begin "$proofs" initdb postgres pgbench psql setpriv
mkdir "$work/data"
chown 65534:65534 "$work/data"
as_nobody initdb -D "$work/data" -U lab -A trust -N -E UTF8 --locale=C >"$work/said" 2>&1 ||
	give_up "initdb: $(tail -n 5 "$work/said")"
cat >>"$work/data/postgresql.conf" <<END
listen_addresses = '$server4, $server6'
unix_socket_directories = ''
fsync = off
autovacuum = off
END
printf 'host all all %s trust\n' 10.0.0.0/24 fd00::/64 >>"$work/data/pg_hba.conf"
serve 5432 setpriv --reuid=65534 --regid=65534 --clear-groups "$bin/postgres" -D "$work/data"
until_true 60 grep -q 'ready to accept' "$work/server.log" || give_up "postgres: $(tail -n 5 "$work/server.log")"
prove "PostgreSQL and pgbench" 6 all
finish
