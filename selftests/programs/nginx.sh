#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# nginx: curl fetches a file that goes by sendfile() and sends one (WebDAV); wrk asks for a small
# page as often as it can.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

fetches() {
	curl_file "http://$1:8080/file"
	client 60 curl -sS --fail -T "$work/site/file" "http://$1:8080/kept" >"$work/said" 2>&1 ||
		because "curl -T" "$work/said"
	same "$work/site/file" "$work/site/kept"
	rm -f "$work/site/kept"
}

# Every answer is the page, and no connection fails.
asks() {
	client 60 wrk -t 2 -c 8 -d "$(size 1 10)s" --timeout 20s "http://$1:8080/" >"$work/said" 2>&1 ||
		because "wrk" "$work/said"
	grep -E 'requests in' "$work/said" | sed 's/^ */# /'
	grep -qE '^ *[1-9][0-9]* requests in' "$work/said" || because "nothing was answered" "$work/said"
	! grep -qE 'Socket errors|Non-2xx' "$work/said" || because "there were errors" "$work/said"
}

all() {
	fetches "$2"
	asks "$2"
}

begin "$proofs" nginx curl wrk
mkdir "$work/site"
chmod 755 "$work"
random_file "$work/site/file" "$(size 3000000 50000000)"
echo "a small page" >"$work/site/index.html"
cat >"$work/nginx.conf" <<END
daemon off;
user root;
worker_processes 2;
pid $work/nginx.pid;
error_log stderr;
events { worker_connections 100; }
http {
	access_log off;
	sendfile on;
	tcp_nopush on;
	client_max_body_size 100m;
	client_body_temp_path $work/body;
	proxy_temp_path $work/proxy;
	fastcgi_temp_path $work/fastcgi;
	uwsgi_temp_path $work/uwsgi;
	scgi_temp_path $work/scgi;
	server {
		listen $server4:8080 reuseport deferred so_keepalive=on;
		listen [$server6]:8080 reuseport;
		root $work/site;
		dav_methods PUT;
	}
}
END
serve 8080 nginx -e stderr -c "$work/nginx.conf"
prove "nginx, curl and wrk" 10 all
finish
