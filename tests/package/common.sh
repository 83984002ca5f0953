# Sourced by package tests: hosts, checks, packages. The packages are made before, by "make check-package".
. tests/hosts/hosts.sh
B=${FSV_BUILD:-$PWD/build/release}
DEBS=${FSV_DEBS:-$PWD/build/deb}
BEFORE=$PWD/build/deb-before	# made by scripts/make-deb-before
why=$(hosts_possible) || { echo "no hosts: $why"; exit 77; }
passed=0 failed=0

check() {	# check WHAT COMMAND...
	local what=$1 out
	shift
	if out=$("$@" 2>&1); then passed=$((passed + 1)); echo "ok: $what"
	else failed=$((failed + 1)); echo "FAILED: $what"; printf '%s\n' "$out" | sed 's/^/  | /' | tail -40; fi
}
fails() { ! "$@"; }
soon() {	# soon COMMAND...: true within two minutes
	local end=$((SECONDS + 120))
	while ! "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || { "$@"; return; }
		sleep 0.2
	done
}
die() { echo "FAILED: $*"; failed=$((failed + 1)); finish; }
finish() { echo "$passed passed, $failed failed"; [ $failed = 0 ]; exit; }

# The machine may have the packages' user and files itself: a fresh host has not.
host_fresh() {	# host_fresh NAME
	local r=$HOSTS/$1/root
	sed -i '/^fate-serving:/d' "$r/etc/passwd" "$r/etc/group" "$r/etc/shadow" "$r/etc/gshadow"
	rm -rf "$r"/etc/fate-serving "$r"/var/lib/fate-serving "$r"/usr/share/doc/fate-serving* "$r"/root/*.deb \
		"$r"/usr/sbin/fate-serving-* "$r"/usr/bin/fate-servingctl "$r"/etc/systemd/system/fate-serving*
	# No index of manual pages behind every package, no wait for the disk behind every file.
	rm -f "$r/var/lib/man-db/auto-update"
	echo force-unsafe-io >"$r/etc/dpkg/dpkg.cfg.d/test"
}
active() { [ "$(host_run "$1" systemctl is-active "$2")" = active ]; }
enabled() { [ "$(host_run "$1" systemctl is-enabled "$2" 2>/dev/null)" = enabled ]; }
show() { host_run "$1" systemctl show -P "$3" "$2"; }
pid_of() { show "$1" "fate-serving-$2" MainPID; }
journals() { for h in "$@"; do echo "--- journal of $h"; host_run "$h" journalctl -q --no-pager -u 'fate-serving*' | tail -40; done; }
