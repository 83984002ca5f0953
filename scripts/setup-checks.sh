# Part of scripts/setup: what is looked at before anything is changed. Each check says what to do when it fails.

failures=0
good() { say "ok      $*"; }
warn() { say "warning $1"; [ -z "${2:-}" ] || say "        -> $2"; }
bad() { failures=$((failures + 1)); say "FAILED  $1"; [ -z "${2:-}" ] || say "        -> $2"; }

partner_id() { printf %s "${1%%@*}"; }
partner_host() { local a; case $1 in *@*) a=${1#*@}; printf %s "${a%:*}" ;; esac; }
partner_port() { local a=${1#*@}; case $a in *:*) printf %s "${a##*:}" ;; *) printf 8869 ;; esac; }
is_number() { case $1 in '' | *[!0-9]*) return 1 ;; esac; [ ${#1} -le 18 ]; }
is_port() { is_number "$1" && [ "$1" -ge 1 ] && [ "$1" -le 65535 ]; }
is_host() { case $1 in '' | *[!A-Za-z0-9._-]*) return 1 ;; esac; }

# Whether the answers go together; a mistake here is one of usage.
check_answers() {
	local p name seen=' '
	check_admin_answers
	for name in port-grpc port-server-http port-http port-inter port-intra $(admin && echo port-admin); do
		is_port "${opt[$name]}" || usage_error "--$name: ${opt[$name]} is no port"
		case $seen in *" ${opt[$name]} "*) usage_error "--$name: ${opt[$name]} is used twice" ;; esac
		seen="$seen${opt[$name]} "
	done
	for name in tls features models trial java zookeeper zookeeper-user admin-user admin-tls; do
		case ${opt[$name]:-} in *[\'\"\\]*) usage_error "--$name must not hold quotes or backslashes" ;; esac
	done
	[ -z "${opt[java]:-}" ] || return 0
	is_number "${opt[party]:-}" || usage_error "--party ID is missing, or no number"
	[ ${#partners[@]} -gt 0 ] || usage_error "--partner is missing: who takes part besides ${opt[party]}"
	for p in "${partners[@]}"; do
		is_number "$(partner_id "$p")" || usage_error "--partner $p: a party id is a number"
		[ "$(partner_id "$p")" != "${opt[party]}" ] || usage_error "--partner $p: that is the own party"
		case $p in
		*@*) is_host "$(partner_host "$p")" && is_port "$(partner_port "$p")" || usage_error "--partner $p: write ID@HOST or ID@HOST:PORT" ;;
		*) [ "$role" = host ] || usage_error "--partner $p: a guest asks its partners; write ID@HOST or ID@HOST:PORT" ;;
		esac
	done
	[ -n "${opt[tls]:-}${opt[plaintext]:-}" ] || usage_error "say --tls DIR, or --plaintext for a try"
	[ -z "${opt[tls]:-}" ] || [ -z "${opt[plaintext]:-}" ] || usage_error "--tls and --plaintext exclude each other"
	case ${opt[features]:-} in '' | file:/* | http://* | https://*) ;; *) usage_error "--features is file:/PATH or a URL" ;; esac
	[ "$role" = guest ] || [ -n "${opt[features]:-}${opt[example]:-}" ] || usage_error "--features is missing: where a host's features come from"
}

listening() {	# listening PORT: some process holds it; /proc needs no program
	awk -v p="$(printf ':%04X' "$1")" '$4 == "0A" && substr($2, length($2) - 4) == p {found = 1} END {exit !found}' /proc/net/tcp /proc/net/tcp6 2>/dev/null
}
port_is_ours() { systemctl -q is-active fate-serving-server fate-serving-proxy fate-serving-admin && grep -qsx "ports .* $1 .*" "$record"; }
answers_at() { timeout 5 bash -c ": <'/dev/tcp/$1/$2'" 2>/dev/null; }

check_programs() {
	local p
	for p in fate-serving-server fate-serving-proxy fate-servingctl; do
		if [ -x "$root/usr/sbin/$p" ] || [ -x "$root/usr/bin/$p" ]; then good "$p is installed"
		else bad "$p is not installed" "apt install ./fate-serving-*.deb, or make install"; fi
	done
	grep -qs '^fate-serving:' "$root/etc/group" && [ -d "$root$etc" ] && [ -d "$root$state_dir" ] && { good 'user and folders are there'; return; }
	bad 'the user fate-serving or its folders are missing' 'systemd-sysusers && systemd-tmpfiles --create'
}

check_disk() {	# models and their stores are written whole, beside the old ones
	local free
	free=$(df -Pk "$root$state_dir" 2>/dev/null | awk 'NR == 2 {print $4}')
	if [ "${free:-0}" -ge 102400 ]; then good "$root$state_dir has $((free / 1024)) MiB free"
	else bad "$root$state_dir has $((${free:-0} / 1024)) MiB free, 100 are needed" 'make room, or mount a larger disk there'; fi
}

check_clock() {
	local made now
	made=$(stat -c %Y "$root/usr/sbin/fate-serving-server" 2>/dev/null || echo 0)
	now=$(date +%s)
	if [ "$now" -lt "$made" ]; then bad "the clock says $(date -u -d "@$now" +%F), but the program is newer" 'set the clock; certificates and time limits depend on it'; return; fi
	case $(timedatectl show -P NTPSynchronized 2>/dev/null) in
	no) warn 'the clock is not kept by NTP' 'install systemd-timesyncd or chrony: certificates and signatures go by the clock' ;;
	*) good "the clock says $(date -u +'%F %H:%M UTC')" ;;
	esac
}

check_files() {
	local f=${opt[features]:-}
	if [ -n "${opt[tls]:-}" ]; then
		if f=$(fate-servingctl tls show --warn 0 "${opt[tls]}/ca.pem" "${opt[tls]}/server.pem" 2>&1) && [ -r "${opt[tls]}/server.key" ]; then
			good "certificates in ${opt[tls]}"
		else
			say "$f" | sed 's/^/        | /'
			bad "the certificates in ${opt[tls]} are not in order: ca.pem, server.pem, server.key" 'fate-servingctl tls ca and tls cert make some for a try'
		fi
	fi
	f=${opt[features]:-}
	case $f in
	file:*) if [ -r "$root${f#file:}" ]; then good "features in ${f#file:}"; else bad "features: ${f#file:} cannot be read" 'name a file that the user fate-serving can read'; fi ;;
	esac
	[ -z "${opt[zookeeper-password-file]:-}" ] || [ -r "${opt[zookeeper-password-file]}" ] || bad "${opt[zookeeper-password-file]} cannot be read" 'it holds the password in its first line'
	[ -z "${opt[models]:-}" ] || [ -d "${opt[models]}/.fate" ] || bad "${opt[models]} has no folder .fate" 'name the folder that model.cache.path named'
	if [ -n "${opt[example]:-}" ] && [ ! -r "$root$examples/credit/$role.yaml" ]; then bad 'the example models are not installed' "they are in the package fate-serving-common"; fi
	[ -z "${opt[example]:-}" ] || [ "${opt[party]:-}" = "$([ "$role" = guest ] && echo 9999 || echo 10000)" ] ||
		bad "the example's $role is party $([ "$role" = guest ] && echo 9999 || echo 10000), not ${opt[party]:-}" 'leave --example out, or take these ids for the try'
	[ -z "${opt[java]:-}" ] || check_java
	check_admin
}

check_machine() {
	[ "$(id -u)" = 0 ] || bad 'this needs root' "sudo $me …"
	check_programs
	[ -d "$root$state_dir" ] && check_disk
	check_clock
	check_files
}

check_ports() {
	local p holder
	for p in "${opt[port-grpc]}" "${opt[port-server-http]}" "${opt[port-http]}" "${opt[port-inter]}" "${opt[port-intra]}" $(admin && echo "${opt[port-admin]}"); do
		if ! listening "$p"; then good "port $p is free"
		elif port_is_ours "$p"; then good "port $p is held by the running daemon"
		else
			holder=$(ss -ltnpH "sport = :$p" 2>/dev/null | sed -n 's/.*users:(("\([^"]*\)",pid=\([0-9]*\).*/ by \1, pid \2/p' | head -1)
			bad "port $p is taken$holder" 'stop what holds it (a Java node: bin/service.sh stop), or choose another with --port-…'
		fi
	done
}

check_zookeeper() {
	local node reached=0
	local -a nodes
	[ -n "${opt[zookeeper]:-}" ] || return
	IFS=, read -ra nodes <<<"${opt[zookeeper]}"
	for node in "${nodes[@]}"; do
		if ! is_host "${node%:*}" || ! is_port "${node##*:}"; then bad "--zookeeper: $node is no host:port"; continue; fi
		getent ahosts "${node%:*}" >/dev/null || { bad "ZooKeeper: ${node%:*} is not known" 'check its name, DNS and /etc/hosts'; continue; }
		if answers_at "${node%:*}" "${node##*:}"; then reached=$((reached + 1)); good "ZooKeeper answers at $node"
		else warn "ZooKeeper does not answer at $node"; fi
	done
	[ $reached -gt 0 ] || bad 'no ZooKeeper server answers' 'start it, or open its port in the firewalls between'
}

check_partner_tls() {	# check_partner_tls HOST PORT
	local out
	[ -n "${opt[tls]:-}" ] || return 0
	out=$(timeout 10 openssl s_client -connect "$1:$2" -verify_hostname "$1" -CAfile "${opt[tls]}/ca.pem" -cert "${opt[tls]}/server.pem" \
		-key "${opt[tls]}/server.key" -alpn h2 -verify_return_error -brief </dev/null 2>&1)
	if grep -q '^Verification: OK' <<<"$out"; then good "the certificate of $1 is good"; return; fi
	bad "TLS with $1:$2 fails: $(grep -m1 -oiE 'verify error.*|alert .*|wrong version.*|error:.*' <<<"$out" || echo 'no answer')" \
		'compare the authorities (ca.pem) of both parties, the names in the certificate, and whether the partner speaks TLS'
}

check_partners() {
	local p host port
	for p in ${partners[@]+"${partners[@]}"}; do
		host=$(partner_host "$p"); port=$(partner_port "$p")
		[ -n "$host" ] || continue
		if ! getent ahosts "$host" >/dev/null; then bad "partner $(partner_id "$p"): $host is not known" 'check its name, DNS and /etc/hosts'
		elif answers_at "$host" "$port"; then good "partner $(partner_id "$p") answers at $host:$port"; check_partner_tls "$host" "$port"
		elif [ "$role" = host ]; then warn "partner $(partner_id "$p") does not answer at $host:$port yet" 'a host need not reach its guests'
		else bad "partner $(partner_id "$p") does not answer at $host:$port" "set the partner up first (fate-serving-install-host), or open the port in the firewalls between"; fi
	done
}

check_features_service() {
	local host port
	case ${opt[features]:-} in http://* | https://*) ;; *) return ;; esac
	host=${opt[features]#*://}; host=${host%%/*}
	case $host in *:*) port=${host##*:}; host=${host%:*} ;; *) case ${opt[features]} in https:*) port=443 ;; *) port=80 ;; esac ;; esac
	if answers_at "$host" "$port"; then good "the feature service answers at $host:$port"
	else bad "the feature service does not answer at $host:$port" 'start it, or correct --features'; fi
}

check_surroundings() { check_ports; check_zookeeper; check_partners; check_features_service; }
