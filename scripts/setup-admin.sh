# Part of scripts/setup: --admin, the console. Its files, unit and socket have "admin" in their names and are told from the
# others by that: a run without --admin leaves the console as an earlier one made it, and setting it up restarts nobody else.

admin_unit=fate-serving-admin.service
admin_socket=fate-serving-admin.socket
java_admin=	# the application.properties of a Java console, when there is one

group_of() { case $1 in *admin*) printf admin ;; *) printf main ;; esac; }
admin() { [ -n "${opt[admin]:-}" ]; }

check_admin_answers() {
	local name
	if ! admin; then
		for name in admin-user admin-password-file admin-tls port-admin; do
			[ -z "${opt[$name]:-}" ] || usage_error "--$name is about the console; say --admin too"
		done
		return
	fi
	opt[port-admin]=${opt[port-admin]:-8350}
	opt[admin-user]=${opt[admin-user]:-admin}
	case ${opt[admin-user]} in *[[:space:]:]*) usage_error "--admin-user: a name has no blanks and no colons" ;; esac
}

has_account() { awk -F: -v name="${opt[admin-user]}" '$1 "" == name {found = 1} END {exit !found}' "$1"; }

check_account() {
	local users=$etc/admin.users user=${opt[admin-user]} secret=${opt[admin-password-file]:-}
	if [ -e "$root$users" ]; then	# whoever has accounts goes on with them
		if has_account "$root$users"; then good "the console has the account $user"
		else bad "$users has no account $user" "name one that it has with --admin-user, or: fate-servingctl admin passwd --file $users $user"; fi
	elif [ -z "$secret" ]; then
		if [ -n "$java_admin" ]; then good 'the console goes on with the account of its Java settings'
		else bad 'the console needs an account' "--admin-password-file FILE, whose first line is the password of $user"; fi
	elif [ ! -r "$secret" ]; then bad "$secret cannot be read" "its first line is the password of the console's account $user"
	elif [ -z "$(head -1 "$secret")" ]; then bad "$secret holds no password" "its first line is the password of the console's account $user"
	else good "the console gets the account $user"; fi
}

check_admin() {
	local dir=${opt[admin-tls]:-} out
	admin || return 0
	if [ -x "$root/usr/sbin/fate-serving-admin" ]; then good 'fate-serving-admin is installed'
	else bad 'fate-serving-admin is not installed' 'apt install ./fate-serving-admin_*.deb, or make install'; fi
	check_account
	[ -n "$dir" ] || return 0
	if out=$(fate-servingctl tls show --warn 0 "$dir/server.pem" 2>&1) && [ -r "$dir/server.key" ]; then good "the console's certificate in $dir"
	else
		say "$out" | sed 's/^/        | /'
		bad "the console's certificate in $dir is not in order: server.pem, server.key" 'fate-servingctl tls ca and tls cert make some for a try'
	fi
}

# Accounts that are there stay as they are, and their file is the operator's.
stage_accounts() {
	local out
	if [ -e "$root$etc/admin.users" ]; then cp "$root$etc/admin.users" "$stage/" || exit 1
	elif [ -n "${opt[admin-password-file]:-}" ]; then
		out=$(head -1 "${opt[admin-password-file]}" | fate-servingctl admin passwd --file "$stage/admin.users" "${opt[admin-user]}" 2>&1) ||
			die "the password in ${opt[admin-password-file]} will not do: ${out#fate-servingctl: }; nothing was changed"
	fi
}

# Nodes of this machine that do not register are named to the console.
registers() { grep -q '^zk\.url: "\{0,1\}[^"]' "$stage/$1" && ! grep -q "^$2: false" "$stage/$1"; }
local_nodes() {
	local nodes=
	registers serving-server.yaml useRegister || nodes="\"serving 127.0.0.1:${opt[port-grpc]}\""
	registers serving-proxy.yaml useZkRouter || nodes="$nodes${nodes:+, }\"proxy 127.0.0.1:${opt[port-intra]}\""
	[ -z "$nodes" ] || printf 'admin.nodes: [%s]\n' "$nodes"
}

admin_value() { sed -n "s/^${1//./\\.}:[[:space:]]*\"\{0,1\}\([^\"]*\)\"\{0,1\}\$/\1/p" "$stage/serving-admin.yaml"; }
stage_java_admin() {
	local name
	fate-servingctl import --daemon admin --output "$stage/serving-admin.yaml" "$java_admin" || exit 1
	# The account that is asked for takes the place of one that Java calls alike, which often is admin with the password admin.
	name=$(admin_value admin.username)
	[ "$name" != "${opt[admin-user]}" ] || [ ! -e "$stage/admin.users" ] || sed -i '/^admin\.\(username\|password\|isEncrypt\):/d' "$stage/serving-admin.yaml"
	printf '# Added by %s.\n' "$me" >>"$stage/serving-admin.yaml"
}

stage_admin_settings() {
	if [ -z "$java_admin" ]; then
		printf '# Written by %s. Every key: fate-serving-admin.yaml(5).\nserver.port: %s\n' "$me" "${opt[port-admin]}"
		# Passwords cross no network in clear.
		[ -n "${opt[admin-tls]:-}" ] || echo 'server.address: 127.0.0.1'
		[ -z "${opt[zookeeper]:-}" ] || registry useRegister | grep -v '^useZkRouter:'
	fi
	local_nodes
	[ ! -e "$stage/admin.users" ] || echo 'admin.users.file: admin.users'
	[ -z "${opt[admin-tls]:-}" ] || printf 'admin.tls.certChainFile: tls/admin.pem\nadmin.tls.privateKeyFile: tls/admin.key\n'
	echo 'admin.audit.file: /var/log/fate-serving/admin-audit.log'
}

stage_admin() {
	admin || return 0
	stage_accounts
	[ -z "$java_admin" ] || stage_java_admin
	(umask 077; stage_admin_settings >>"$stage/serving-admin.yaml") || exit 1
	[ -n "${opt[admin-tls]:-}" ] || return 0
	mkdir -p "$stage/tls" && install -m600 "${opt[admin-tls]}/server.pem" "$stage/tls/admin.pem" &&
		install -m600 "${opt[admin-tls]}/server.key" "$stage/tls/admin.key" || die "the certificate in ${opt[admin-tls]} cannot be read"
}

stage_admin_socket() {
	admin || return 0
	case $(admin_value server.address) in
	'') stage_socket $admin_socket 8350 "${opt[port-admin]}" ;;
	127.0.0.1) stage_socket $admin_socket 8350 "127.0.0.1:${opt[port-admin]}" ;;
	*) say 'the console binds its own address: no socket unit holds its port' ;;
	esac
}

# Why its nodes are not seen, or nothing.
node_missing() {	# node_missing OVERVIEW
	local node
	for node in "serving ${opt[port-grpc]}" "proxy ${opt[port-intra]}"; do
		grep -q "\"component\":\"${node% *}\",\"address\":\"[^\"]*:${node#* }\"[^{}]*\"state\":\"\(ok\|warn\|error\)\"" <<<"$1" ||
			{ printf 'it does not reach the %s of port %s' "${node% *}" "${node#* }"; return; }
	done
}

prove_admin() {
	local address url name=${opt[admin-user]:-} secret=${opt[admin-password-file]:-} answer token missing i
	admin && ! dry || return 0
	address=$(admin_value server.address)
	grep -q '^admin\.tls\.certChainFile:' "$stage/serving-admin.yaml" && url=https || url=http
	url=$url://${address:-127.0.0.1}:${opt[port-admin]}
	# The certificate is for the names that others call this machine by.
	console() { curl -sS --insecure --max-time 20 "$@" 2>&1; }
	answer=$(console -o /dev/null -w '%{http_code}' "$url/")
	[ "$answer" = 200 ] || die "the console does not answer at $url: $answer; see journalctl -u fate-serving-admin"
	good "the console answers at $url"
	[ -n "$secret" ] || { warn 'nobody has logged in at the console' '--admin-password-file FILE proves that too'; return; }
	# Neither password nor token stands among the arguments, which everybody can read.
	answer=$(printf '{"username":"%s","password":"%s"}' "$name" "$(head -1 "$secret" | sed 's/[\\"]/\\&/g')" |
		console -H 'Content-Type: application/json' --data-binary @- "$url/api/admin/login")
	token=$(sed -n 's/.*"sessionToken":"\([0-9a-f]*\)".*/\1/p' <<<"$answer")
	[ -n "$token" ] || die "the console refuses $name with the password of $secret: $answer; fate-servingctl admin passwd --file $etc/admin.users $name sets another"
	# Nodes that have just registered may need a moment.
	for ((i = 0; i < 20; i++)); do
		answer=$(console -K - "$url/api/cluster/overview" <<<"header = \"sessionToken: $token\"")
		missing=$(node_missing "$answer")
		[ -n "$missing" ] || break
		sleep 1
	done
	console -K - -X POST "$url/api/admin/logout" <<<"header = \"sessionToken: $token\"" >/dev/null
	[ -z "$missing" ] || die "the console lets $name in, but $missing: $answer"
	good "the console lets $name in and shows the nodes"
}
