# Sourced by host tests: boots systemd as PID 1 of hosts of its own on this machine, joined by a private
# switch. A host is a copy-on-write view of this machine's root with its own process, network, mount, host
# name and cgroup namespaces; nothing it does reaches the machine. Root needed.
#
#   hosts_open             make the switch, remember the folder for state
#   host_add NAME N        namespace with address 10.89.0.N and an overlay root at $HOSTS/NAME/root
#   host_boot NAME         boot; returns when systemd reports running or degraded
#   host_run NAME CMD...   run a command inside
#   host_off NAME          power off; what is on its disk stays
#   hosts_close            end everything, remove everything
#
# hosts_possible says in words why the machine cannot do it.

HOSTS=${HOSTS:-/var/tmp/fate-serving-hosts.$$}
HOSTS_PREFIX=${HOSTS_PREFIX:-fsvh$$}	# of its own: runs side by side do not meet
# Capabilities that reach past the namespaces stay outside.
HOSTS_DROP=-sys_time,-sys_module,-sys_rawio,-syslog,-mac_admin,-mac_override,-audit_control,-audit_read,-wake_alarm,-block_suspend

hosts_possible() {
	[ "$(id -u)" = 0 ] || { echo 'needs root'; return 1; }
	[ -x /lib/systemd/systemd ] || { echo 'needs the package systemd'; return 1; }
	command -v ip >/dev/null || { echo 'needs the package iproute2'; return 1; }
	unshare --mount --pid --net --uts --ipc --cgroup --fork true 2>/dev/null ||
		{ echo 'this machine does not allow new namespaces'; return 1; }
	local d
	d=$(mktemp -d /var/tmp/fate-serving-probe.XXXXXX) || return 1
	mkdir "$d"/upper "$d"/work "$d"/root
	if ! unshare --mount mount -t overlay probe -o "lowerdir=/,upperdir=$d/upper,workdir=$d/work" "$d/root" 2>/dev/null; then
		rm -rf "$d"; echo 'this machine cannot lay an overlay over its root'; return 1
	fi
	rm -rf "$d"
}

hosts_cgroup() {	# where the version 2 tree is mounted; mounted here when nowhere
	local c
	c=$(findmnt -rn -t cgroup2 -o TARGET | head -1)
	if [ -z "$c" ]; then
		c=$HOSTS/cgroup; mkdir -p "$c"; mount -t cgroup2 cgroup2 "$c" || return 1
	fi
	echo "$c"
}

hosts_open() {
	mkdir -p "$HOSTS"
	ip netns add $HOSTS_PREFIX-switch
	ip -n $HOSTS_PREFIX-switch link add br0 type bridge
	ip -n $HOSTS_PREFIX-switch link set br0 up
}

host_add() {
	local h=$1 d=$HOSTS/$1 r=$HOSTS/$1/root other
	ip netns add "$HOSTS_PREFIX-$h"
	ip link add eth0 netns "$HOSTS_PREFIX-$h" type veth peer name "to-$h" netns $HOSTS_PREFIX-switch
	ip -n $HOSTS_PREFIX-switch link set "to-$h" master br0 up
	ip -n "$HOSTS_PREFIX-$h" link set lo up
	ip -n "$HOSTS_PREFIX-$h" link set eth0 up
	ip -n "$HOSTS_PREFIX-$h" addr add "10.89.0.$2/24" dev eth0
	mkdir -p "$d"/upper "$d"/work "$r"
	mount -t overlay "$HOSTS_PREFIX-$h" -o "lowerdir=/,upperdir=$d/upper,workdir=$d/work" "$r"
	echo "10.89.0.$2 $h" >"$d/address"
	# None of the machine's own services, mounts or identities.
	rm -rf "$r"/etc/systemd/system/*.wants "$r"/var/log/journal "$r"/var/lib/dbus/machine-id "$r"/usr/sbin/policy-rc.d
	: >"$r/etc/fstab"
	tr -d - </proc/sys/kernel/random/uuid >"$r/etc/machine-id"
	echo "$h" >"$r/etc/hostname"
	for other in "$HOSTS"/*/address; do
		{ echo '127.0.0.1 localhost'; cat "$HOSTS"/*/address; } >"${other%/address}/root/etc/hosts"
	done
}

host_alive() {	# the process noted in the file still is the one that was started
	local pid start now
	read -r pid start 2>/dev/null <"$1" || return 1
	now=$(awk '{print $22}' "/proc/$pid/stat" 2>/dev/null)
	[ -n "$now" ] && [ "$now" = "$start" ]
}

host_note() { echo "$1 $(awk '{print $22}' "/proc/$1/stat")" >"$2"; }

# Runs as PID 1 of the new namespaces: the mounts a container manager would make, then systemd.
host_enter() {
	set -e
	local h=$1 r=$HOSTS/$1/root f
	hostname "$h"
	mount --bind "$r" "$r"
	mount -t proc -o nosuid,nodev,noexec proc "$r/proc"
	for f in sys sysrq-trigger bus irq; do
		[ ! -e "$r/proc/$f" ] || { mount --bind "$r/proc/$f" "$r/proc/$f"; mount -o remount,bind,ro "$r/proc/$f"; }
	done
	cat "$r/proc/sys/kernel/random/uuid" >"$HOSTS/$h/boot_id"
	mount --bind "$HOSTS/$h/boot_id" "$r/proc/sys/kernel/random/boot_id"
	mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$r/sys"
	mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 "$r/sys/fs/cgroup"
	mount -t tmpfs -o mode=755,nosuid dev "$r/dev"
	for f in null zero full random urandom tty; do : >"$r/dev/$f"; mount --bind "/dev/$f" "$r/dev/$f"; done
	mkdir "$r/dev/pts" "$r/dev/shm"
	mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$r/dev/pts"
	ln -s pts/ptmx "$r/dev/ptmx"
	ln -s /proc/self/fd "$r/dev/fd"
	ln -s fd/0 "$r/dev/stdin"; ln -s fd/1 "$r/dev/stdout"; ln -s fd/2 "$r/dev/stderr"
	for f in dev/shm run tmp; do mount -t tmpfs -o nosuid,nodev tmpfs "$r/$f"; done
	chmod 1777 "$r/dev/shm" "$r/tmp"
	cd "$r"
	mkdir -p .old
	pivot_root . .old
	umount -l /.old
	mount --make-rshared /
	exec env -i container=host-test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd
}

host_boot() {
	local h=$1 d=$HOSTS/$1 procs i p leader state=
	procs=$(hosts_cgroup)/$HOSTS_PREFIX/$h
	mkdir -p "$procs"
	(
		echo $BASHPID >"$procs/cgroup.procs"
		export HOSTS HOSTS_PREFIX
		exec setpriv --bounding-set "$HOSTS_DROP" nsenter --net="/run/netns/$HOSTS_PREFIX-$h" \
			unshare --mount --propagation private --pid --fork --kill-child --uts --ipc --cgroup \
			bash -c '. "$0"; host_enter "$1"' "${BASH_SOURCE[0]}" "$h"
	) </dev/null >"$d/boot.log" 2>&1 &
	p=$!
	host_note $p "$d/parent"
	for ((i = 0; i < 600; i++)); do
		host_alive "$d/parent" || { cat "$d/boot.log"; echo "$h did not boot"; return 1; }
		leader=$(pgrep -P $p -x systemd)
		if [ -n "$leader" ]; then
			host_note "$leader" "$d/leader"
			state=$(host_run "$h" systemctl is-system-running 2>/dev/null)
			case $state in running | degraded) return 0 ;; esac
		fi
		sleep 0.1
	done
	echo "$h: not running after 60 s (state '$state')"
	return 1
}

host_run() {
	local h=$1 pid
	shift
	read -r pid _ <"$HOSTS/$h/leader"
	setpriv --bounding-set "$HOSTS_DROP" nsenter -t "$pid" -m -u -i -n -p -C -- \
		env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM=dumb "$@"
}

host_off() {
	local d=$HOSTS/$1 i f pid
	if host_alive "$d/leader"; then
		host_run "$1" systemctl poweroff --no-wall >/dev/null 2>&1
		for ((i = 0; i < 100; i++)); do host_alive "$d/leader" || break; sleep 0.1; done
	fi
	for f in leader parent; do
		host_alive "$d/$f" || continue
		read -r pid _ <"$d/$f"
		kill -KILL "$pid" 2>/dev/null
		for ((i = 0; i < 50; i++)); do host_alive "$d/$f" || break; sleep 0.1; done
	done
	rm -f "$d/leader" "$d/parent"
}

hosts_close() {
	local a h n
	for a in "$HOSTS"/*/address; do
		[ -e "$a" ] || continue
		h=${a%/address}; h=${h##*/}
		host_off "$h"
		umount "$HOSTS/$h/root" 2>/dev/null || umount -l "$HOSTS/$h/root"
		n=$(hosts_cgroup)/$HOSTS_PREFIX
		find "$n/$h" -depth -type d -exec rmdir {} + 2>/dev/null
		ip netns del "$HOSTS_PREFIX-$h"
	done
	[ -z "${n:-}" ] || rmdir "$n" 2>/dev/null
	ip netns del $HOSTS_PREFIX-switch 2>/dev/null
	! mountpoint -q "$HOSTS/cgroup" || umount "$HOSTS/cgroup"
	rm -rf --one-file-system "$HOSTS"
}
