# Part of scripts/setup: what is written, started, proved and taken back. Files are made in a folder of their own,
# judged there by the daemons themselves, and only then put into place.

declare -A changed=()	# by group: daemons that run have to take something up

# --- made from the answers ------------------------------------------------------------------------------

registry() {	# the same lines for both daemons
	if [ -z "${opt[zookeeper]:-}" ]; then printf 'useRegister: false\nuseZkRouter: false\n' | grep -v "^${1:-none}:"; return; fi
	printf 'useRegister: true\nuseZkRouter: true\nzk.url: "%s"\n' "${opt[zookeeper]}" | grep -v "^${1:-none}:"
	[ -z "${opt[zookeeper-user]:-}" ] || printf 'acl.enable: true\nacl.username: "%s"\n' "${opt[zookeeper-user]}"
	[ -z "${opt[zookeeper-password-file]:-}" ] || printf 'acl.password: "%s"\n' "$(head -1 "${opt[zookeeper-password-file]}" | sed 's/[\\"]/\\&/g')"
}

stage_server() {
	local source=${opt[features]:-}
	[ -n "$source" ] || [ "$role" = guest ] || source=file:$examples/credit/people.csv
	cat <<-E
		# Written by $me. Every key: fate-serving-server.yaml(5).
		port: ${opt[port-grpc]}
		server.port: ${opt[port-server-http]}
		proxy: 127.0.0.1:${opt[port-intra]}
		model.cache.path: $state_dir
	E
	registry
	case $source in
	file:*)
		cat <<-E
			feature.single.adaptor: TestFilePickAdapter
			feature.batch.adaptor: BatchTestFilePickAdapter
			feature.file.path: "${source#file:}"
		E
		;;
	http*)
		cat <<-E
			feature.single.adaptor: HttpAdapter
			feature.batch.adaptor: ParallelBatchToSingleFeatureAdaptor
			feature.batch.single.adaptor: HttpAdapter
			http.adapter.url: "$source"
		E
		;;
	esac
}

stage_proxy() {
	cat <<-E
		# Written by $me. Every key: fate-serving-proxy.yaml(5).
		coordinator: ${opt[party]}
		server.port: ${opt[port-http]}
		proxy.grpc.inter.port: ${opt[port-inter]}
		proxy.grpc.intra.port: ${opt[port-intra]}
		route.table: route_table.json
	E
	registry useRegister
	[ -z "${opt[tls]:-}" ] || cat <<-E
		proxy.grpc.inter.negotiationType: TLS
		proxy.grpc.inter.CA.file: tls/ca.pem
		proxy.grpc.inter.server.certChain.file: tls/server.pem
		proxy.grpc.inter.server.privateKey.file: tls/server.key
	E
}

# A party may ask itself; a guest may ask its partners, and a host be asked by them. Nothing else is allowed.
rule() { printf '      { "from": { "coordinator": "%s", "role": "*" }, "to": { "coordinator": "%s", "role": "*" } }' "$1" "$2"; }
stage_routes() {
	local p id tls=
	[ -z "${opt[tls]:-}" ] || tls=", \"useSSL\": true, \"negotiationType\": \"TLS\", \"caFile\": \"$etc/tls/ca.pem\", \"certChainFile\": \"$etc/tls/server.pem\", \"privateKeyFile\": \"$etc/tls/server.key\""
	printf '{\n  "route_table": {\n    "%s": { "serving": [ { "ip": "127.0.0.1", "port": %s } ] }' "${opt[party]}" "${opt[port-grpc]}"
	for p in "${partners[@]}"; do
		[ -z "$(partner_host "$p")" ] || printf ',\n    "%s": { "serving": [ { "ip": "%s", "port": %s%s } ] }' "$(partner_id "$p")" "$(partner_host "$p")" "$(partner_port "$p")" "$tls"
	done
	printf '\n  },\n  "permission": {\n    "default_allow": false,\n    "allow": [\n'
	rule "${opt[party]}" "${opt[party]}"
	for p in "${partners[@]}"; do
		id=$(partner_id "$p")
		printf ',\n'
		if [ "$role" = guest ]; then rule "${opt[party]}" "$id"; else rule "$id" "${opt[party]}"; fi
	done
	printf '\n    ]\n  }\n}\n'
}

stage_role() {
	(umask 077; stage_server >"$stage/serving-server.yaml"; stage_proxy >"$stage/serving-proxy.yaml")
	stage_routes >"$stage/route_table.json"
	[ -n "${opt[tls]:-}" ] || return 0
	mkdir "$stage/tls"
	install -m600 "${opt[tls]}/ca.pem" "${opt[tls]}/server.pem" "${opt[tls]}/server.key" "$stage/tls/" || die "the certificates in ${opt[tls]} cannot be read"
}

# --- taken over from Java ----------------------------------------------------------------------------------

java_one() { find "${opt[java]}" -name "$1" -type "${2:-f}" -not -path '*/target/*' 2>/dev/null | sort; }
# The server's own settings say where its models are; otherwise a folder .fate somewhere below.
java_models() {
	local path
	path=$(sed -n 's/^[[:space:]]*model\.cache\.path[[:space:]]*[=:][[:space:]]*//p' "$(java_one serving-server.properties | head -1)" 2>/dev/null | tail -1 | tr -d '\r')
	if [ -n "$path" ] && [ -d "$path/.fate" ]; then printf %s "$path/.fate"; else java_one .fate d | head -1; fi
}

# The proxy and the console call their settings alike: what they say tells them apart.
java_settings() {	# java_settings proxy | admin
	local f
	java_one application.properties | while IFS= read -r f; do
		! fate-servingctl import "$f" 2>/dev/null | grep -q "^# For fate-serving-$1," || printf '%s\n' "$f"
	done
}
java_found() {	# java_found WHAT FILES: one of them is wanted
	local n
	n=$(grep -c . <<<"$2")
	case $n in
	1) good "$1: $2" ;;
	0) bad "there is no $1 below ${opt[java]}" 'name the folder that holds serving-server and serving-proxy' ;;
	*) bad "there are $n files $1 below ${opt[java]}" 'name the folder of one installation' ;;
	esac
}

check_java() {
	local n
	[ -d "${opt[java]}" ] || { bad "${opt[java]} is no folder" 'name the folder that holds serving-server and serving-proxy'; return; }
	java_proxy=$(java_settings proxy)
	java_admin=$(java_settings admin)
	java_found serving-server.properties "$(java_one serving-server.properties)"
	java_found "application.properties of a proxy" "$java_proxy"
	java_found route_table.json "$(java_one route_table.json)"
	if [ -z "$java_admin" ]; then :
	elif admin; then java_found "application.properties of a console" "$java_admin"
	else warn "the console stays with Java: $java_admin" '--admin takes it over too'; fi
	n=$(java_models)
	if [ -n "$n" ]; then good "models: $n"; else warn "no models (folder .fate) below ${opt[java]}"; fi
	# The ports to check are those that Java had.
	n=$(java_one serving-server.properties)
	java_port port-grpc "$n" port
	java_port port-server-http "$n" server.port
	java_port port-http "$java_proxy" server.port
	java_port port-inter "$java_proxy" proxy.grpc.inter.port
	java_port port-intra "$java_proxy" proxy.grpc.intra.port
	! admin || java_port port-admin "$java_admin" server.port
}
java_port() {	# java_port OPTION FILE KEY
	local value
	[ -f "$2" ] || return 0
	value=$(sed -n "s/^[[:space:]]*${3//./\\.}[[:space:]]*[=:][[:space:]]*\([0-9]*\).*/\1/p" "$2" | tail -1)
	[ -z "$value" ] || opt[$1]=$value
}

stage_java() {
	fate-servingctl import --daemon server --output "$stage/serving-server.yaml" "$(java_one serving-server.properties)" || exit 1
	fate-servingctl import --daemon proxy --output "$stage/serving-proxy.yaml" "$java_proxy" || exit 1
	mkdir "$stage/serving-server.yaml.d" "$stage/serving-proxy.yaml.d"
	printf '# Written by %s: the models of Java were copied, so that it can go on as it was.\nmodel.cache.path: %s\n' "$me" "$state_dir" >"$stage/serving-server.yaml.d/50-setup.yaml"
	printf '# Written by %s.\nroute.table: %s/route_table.json\n' "$me" "$etc" >"$stage/serving-proxy.yaml.d/50-setup.yaml"
	cp "$(java_one route_table.json)" "$stage/route_table.json" || exit 1
	opt[models]=$(java_models); opt[models]=${opt[models]%/.fate}
}

# --- judged and put into place -----------------------------------------------------------------------------

check_staged() {
	local d
	for d in server proxy $(admin && echo admin); do
		command -v fate-serving-$d >/dev/null || continue	# for another system's root
		fate-serving-$d --config "$stage/serving-$d.yaml" --check-config || die "the configuration made of these answers is refused, see above; nothing was changed"
	done
}

sum() { sha256sum <"$1" | cut -d' ' -f1; }
recorded() { sed -n "s|^file \([0-9a-f]*\) $1\$|\1|p" "$record" 2>/dev/null | tail -1; }
# Whether what is there was written by us, or is the sample as it came.
ours() { [ "$(sum "$1")" = "$(recorded "$2")" ] || cmp -s "$1" "$root$examples/${2##*/}"; }

target_of() { case $1 in systemd/*) printf %s "/etc/systemd/system/${1#systemd/}" ;; *) printf %s "$etc/$1" ;; esac; }
put() {	# put FILE TO: with the rights of where it goes; a reader sees the old file or the new one
	case $1 in
	systemd/*) install -d -m755 "$(dirname "$2")" && install -m644 "$stage/$1" "$2.new" ;;
	*) install -d -m750 -o root -g "$gid" "$(dirname "$2")" && install -m640 -o root -g "$gid" "$stage/$1" "$2.new" ;;
	esac && mv "$2.new" "$2"
}

install_one() {	# install_one NAME: from stage to where it belongs
	local path to
	path=$(target_of "$1"); to=$root$path
	if [ "$1" = admin.users ] && [ -e "$to" ]; then
		say "same    $path"
		grep -s " $path\$" "$record" >>"$stage.record"	# what --uninstall may remove is what came from here
		return
	elif [ -e "$to" ] && cmp -s "$stage/$1" "$to"; then say "same    $path"
	elif dry; then
		say "would write $path:"
		case $1 in
		tls/*) ;;
		admin.users) sed 's/^\(.*:\).*/        | \1(secret)/' "$stage/$1" ;;
		*) sed 's/^\(#\{0,1\}[A-Za-z.]*password: \).*/\1(secret)/I; s/^/        | /' "$stage/$1" ;;
		esac
		return
	else
		if [ -e "$to" ] && ! ours "$to" "$path"; then
			[ -n "${opt[force]:-}" ] || die "$path was changed by hand; --force replaces it and keeps it as $path.old"
			cp -p "$to" "$to.old" || exit 1
			say "kept    $path.old"
		fi
		put "$1" "$to" || die "$to cannot be written"
		say "wrote   $path"
		changed[$(group_of "$1")]=1
		case $1 in systemd/*) moved[$(group_of "$1")]=1 ;; esac
	fi
	echo "file $(sum "$to") $path" >>"$stage.record"
}

install_staged() {
	local f path
	gid=$(awk -F: '$1 == "fate-serving" {print $3}' "$root/etc/group")
	{
		echo "role $role"
		[ -z "${opt[java]:-}" ] || echo "java ${opt[java]}"
		echo "ports : ${opt[port-grpc]} ${opt[port-server-http]} ${opt[port-http]} ${opt[port-inter]} ${opt[port-intra]} end"
		if admin; then echo "ports : ${opt[port-admin]} admin"; else grep -s '^\(ports\|file\) .*admin' "$record"; fi
	} >"$stage.record"
	# First all refusals, then the first change.
	while IFS= read -r f; do
		path=$(target_of "$f")
		dry || [ ! -e "$root$path" ] || cmp -s "$stage/$f" "$root$path" || ours "$root$path" "$path" || [ -n "${opt[force]:-}" ] ||
			{ rm -f "$stage.record"; die "$path was changed by hand; --force replaces it and keeps it as $path.old; nothing was changed"; }
	done < <(cd "$stage" && find . -type f -printf '%P\n' | sort)
	while IFS= read -r f; do install_one "$f"; done < <(cd "$stage" && find . -type f -printf '%P\n' | sort)
	remove_stale_sockets
	dry || install -m600 "$stage.record" "$record" || die "$record cannot be written"
	rm -f "$stage.record"
}

as_daemon() { setpriv --reuid "$uid" --regid "$gid" --clear-groups -- "$@"; }
install_models() {
	local to=$root$state_dir uid
	uid=$(awk -F: '$1 == "fate-serving" {print $3}' "$root/etc/passwd")
	[ -n "${opt[models]:-}${opt[example]:-}" ] || return 0
	if [ -e "$to/.fate/loadModelStore.cache" ]; then say "same    models in $state_dir/.fate"; return; fi
	if dry; then say "would take models from ${opt[models]:-the example}"; return; fi
	if [ -n "${opt[models]:-}" ]; then cp -R "${opt[models]}/.fate" "$to/" && chown -R "$uid:$gid" "$to/.fate" || die "the models cannot be copied"
	else
		# The texts may be where the daemon's user cannot read: it gets copies.
		install -d -m755 "$stage.example" && install -m644 "$root$examples/credit/$role.yaml" "$stage.example/" && chmod 755 "$stage.example"
		(cd / && as_daemon fate-servingctl model pack "$stage.example/$role.yaml" --output "$to") || die 'the example cannot be packed'
		rm -rf "$stage.example"
	fi
	say "wrote   models in $state_dir/.fate"
	changed[main]=1
}

# --- started and proved ----------------------------------------------------------------------------------------

renew() {	# renew GROUP DAEMONS SOCKETS: those that run on what was before
	if [ -n "${moved[$1]:-}" ]; then run systemctl stop $2 $3 && run systemctl daemon-reload || die 'the daemons cannot be stopped'; fi
	if { [ -n "${changed[$1]:-}" ] || ! sockets_held "$1"; } && systemctl -q is-active $2; then run systemctl restart $2; fi
}

start_daemons() {
	local units="fate-serving fate-serving-server fate-serving-proxy $(admin && echo ${admin_unit%.service})" u
	enable_units || die 'the units cannot be enabled'
	renew main 'fate-serving-server fate-serving-proxy' "$all_sockets"
	! admin || renew admin $admin_unit $admin_socket
	run systemctl start $units
	dry && return
	for u in $units; do
		systemctl -q is-active "$u" && { good "$u runs: $(systemctl show -P StatusText "$u")"; continue; }
		journalctl -q --no-pager -n 10 -u "$u" | sed 's/^/        | /'
		die "$u did not start; the last lines of its log are above"
	done
	for u in $sockets; do systemctl -q is-active "$u" || die "$u does not hold its ports; systemctl status $u tells why"; done
	[ -z "$sockets" ] || good "the ports stay open through restarts:$sockets"
}

ask() { curl -sS --max-time 10 -H 'Content-Type: application/json' --data-binary "@$1" "http://127.0.0.1:${opt[port-http]}/federation/v1/inference" 2>&1; }
has_score() { case $1 in '{"retcode":0,'*'"score":'*) return 0 ;; esac; return 1; }

prove() {
	local request=${opt[trial]:-} answer i
	[ -n "$request" ] || [ -z "${opt[example]:-}" ] || request=$examples/credit/request.json
	if dry; then say 'nothing was changed'; return; fi
	if [ "$role" = host ]; then
		for i in "${opt[port-grpc]}" "${opt[port-inter]}"; do listening "$i" || die "nobody listens on port $i"; done
		good "the daemons answer on their ports"
		next_host
	elif [ -z "$request" ]; then
		warn 'no trial score: there is no request to ask with' "once models are there: $me … --trial request.json"
		say; say "Next: push a model with FATE-Flow to port ${opt[port-grpc]} of this machine"
	else
		# A partner that has just been started may need a moment.
		for ((i = 0; i < 10; i++)); do answer=$(ask "$request"); has_score "$answer" && break; sleep 1; done
		say "        $answer"
		has_score "$answer" || die "that is no score. Codes below 2000 come from this machine, 2000 and above from the partner; the logs of both: journalctl -u 'fate-serving-*'"
		good 'a score, computed by all parties'
		say; say 'Next: clients ask the same way:'
		say "  curl -H 'Content-Type: application/json' --data-binary @$request http://$(hostname):${opt[port-http]}/federation/v1/inference"
	fi
	[ -z "${opt[java]:-}" ] || say "The way back: $me --uninstall, then start the Java nodes in ${opt[java]}, which is as it was"
}

next_host() {
	local p
	say; say 'Next, at the guest:'
	for p in "${partners[@]+"${partners[@]}"}"; do
		say "  fate-serving-install-guest --party $(partner_id "$p") --partner ${opt[party]}@$(hostname)$([ "${opt[port-inter]}" = 8869 ] || echo ":${opt[port-inter]}") $([ -n "${opt[tls]:-}" ] && echo '--tls DIR' || echo --plaintext)${opt[example]:+ --example}"
	done
}

# --- taken back --------------------------------------------------------------------------------------------------

take_back() {
	local kind sha path java units="fate-serving-server.service fate-serving-proxy.service $all_sockets"
	[ "$(id -u)" = 0 ] || die 'this needs root'
	[ -e "$record" ] || die "$record is missing: nothing here was written by this command"
	! grep -q '^ports .* admin$' "$record" || units="$units $admin_unit $admin_socket"
	system disable $units || exit 1
	! live || run systemctl stop $units || exit 1
	java=$(sed -n 's/^java //p' "$record")
	while read -r kind sha path; do
		[ "$kind" = file ] && [ -e "$root$path" ] || continue
		if [ "$(sum "$root$path")" = "$sha" ]; then run rm "$root$path" && say "removed $path"
		else say "kept    $path, which was changed by hand"; fi
		case $path in /etc/systemd/system/*) run rmdir --ignore-fail-on-non-empty "$root${path%/*}" ;; esac
	done <"$record"
	run rm "$record"
	! live || run systemctl daemon-reload
	say "kept    models in $state_dir/.fate"
	[ -z "$java" ] || say "The Java nodes in $java are as they were; models that came since: cp -R $state_dir/.fate/. to their .fate"
}
