# Part of scripts/setup: socket units hold the daemons' ports, so that restarts and upgrades lose no request.

all_sockets='fate-serving-server.socket fate-serving-proxy.socket fate-serving-proxy-inter.socket'
sockets=		# those of the configuration that is made
declare -A moved=()	# by group: ports change hands, for which the daemons have to let go of them

# A socket unit that is needed, with a drop-in where the ports are not the unit's own.
stage_socket() {	# stage_socket UNIT "ITS PORTS" "PORTS"
	sockets="$sockets $1"
	[ "$2" != "$3" ] || return 0
	mkdir -p "$stage/systemd/$1.d"
	{ printf '# Written by %s: the ports of the configuration.\n[Socket]\nListenStream=\n' "$me"; printf 'ListenStream=%s\n' $3; } >"$stage/systemd/$1.d/50-setup.conf"
}

# Where the settings taken over name addresses, the daemon binds by itself: a held socket would not heed them.
names_address() { grep -qE '^(server|grpc|proxy\.grpc\.(inter|intra))\.address:' "$stage/serving-$1.yaml"; }

stage_sockets() {
	if names_address server; then say 'the server binds its own addresses: no socket unit holds its ports'
	else stage_socket fate-serving-server.socket '8000 8185' "${opt[port-grpc]} ${opt[port-server-http]}"; fi
	if names_address proxy; then say 'the proxy binds its own addresses: no socket unit holds its ports'; return; fi
	stage_socket fate-serving-proxy.socket '8059 8879' "${opt[port-http]} ${opt[port-intra]}"
	# TLS does not work on a socket that is handed over.
	grep -qiE '^proxy\.grpc\.inter\.negotiationType:[[:space:]]*"?TLS' "$stage/serving-proxy.yaml" ||
		stage_socket fate-serving-proxy-inter.socket 8869 "${opt[port-inter]}"
}

# Drop-ins of an earlier run that this one does not need.
remove_stale_sockets() {
	local sha path
	while read -r _ sha path; do
		[ ! -e "$stage/systemd/${path#/etc/systemd/system/}" ] && [ -e "$root$path" ] || continue
		admin || [ "$(group_of "$path")" = main ] || continue
		if [ "$(sum "$root$path")" = "$sha" ]; then run rm "$root$path" && moved[$(group_of "$path")]=1
		else warn "$path was changed by hand and stays" 'see that its ports are those of the configuration'; fi
	done < <(grep '^file [0-9a-f]* /etc/systemd/system/' "$record" 2>/dev/null)
}

system() { if live; then run systemctl --quiet "$@"; else run systemctl --quiet --root="$root" "$@"; fi; }

enable_units() {
	local s
	for s in $all_sockets $(admin && echo $admin_socket); do
		is_one_of "$s" "$sockets" || ! systemctl -q ${root:+--root="$root"} is-enabled "$s" 2>/dev/null || { system disable "$s" && moved[$(group_of "$s")]=1; }
	done
	system enable fate-serving.service fate-serving-server.service fate-serving-proxy.service $(admin && echo $admin_unit) $sockets
}

sockets_held() {	# sockets_held GROUP
	local s
	for s in $sockets; do [ "$(group_of "$s")" != "$1" ] || systemctl -q is-active "$s" || return 1; done
}
