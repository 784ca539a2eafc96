#!/bin/bash
# Every refusal is seen: tests/refusals.sh
#
# The operations of tests/refusals/table, made inside, must each be refused and give exactly one
# right record; made where they are permitted, they must succeed and give none. As root and as uid
# 4242, in mounts and a network of the test's own.
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source-path=SCRIPTDIR source=report.sh
. "$here/report.sh"
remit=${REMIT:-$here/../build/remit}
operate=$here/../build/tests/operate
table=$here/refusals/table
ordinary_user=4242
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL=C PATH
unset TMPDIR NODE_OPTIONS NODE_EXTRA_CA_CERTS PYTHONPATH

if [ "$(id -u)" != 0 ] || [ ! -e /dev/fuse ] || ! command -v python3 ip >/dev/null; then
	skip 'every refusal is seen' 'needs root (for a network of its own), /dev/fuse, python3 and ip'
	report_close
	exit
fi
if [ "${1:-}" != inside ]; then
	exec unshare --mount --net --propagation private "$here/refusals.sh" inside
fi

# --- In namespaces of its own: nothing that is made here is left behind.
ip link set lo up
ip address add 192.0.2.1/32 dev lo
ip address add 2001:db8::1/128 dev lo nodad
mount -t tmpfs -o mode=755 remit-refusals /srv
mount -t tmpfs -o mode=1777 remit-refusals /var/tmp
# Whoever may not open /dev/fuse has no decoy.
mkdir /srv/devices
mknod -m 666 /srv/devices/fuse c 10 229 && mount --bind /srv/devices/fuse /dev/fuse || exit 1

as() { # USER COMMAND...
	local user=$1
	shift
	if [ "$user" = root ]; then
		"$@"
	else
		setpriv --reuid "$user" --regid "$user" --clear-groups "$@"
	fi
}

make_place() { # PLACE USER
	local name
	mkdir -p "$1"/{outside,home/.ssh,home/.aws,work/bin,work/denied,work/.git/hooks,work/folder,results,logs}
	mktemp -d /var/tmp/remit-refusals.XXXXXX >"$1/temporary"
	chmod 755 "$(cat "$1/temporary")"
	for name in .netrc .git-credentials notes; do
		printf 'x\n' >"$1/home/$name"
	done
	printf '[core]\n' >"$1/work/.git/config"
	printf 'ref: refs/heads/main\n' >"$1/work/.git/HEAD"
	mkdir -p "$1"/work/.git/{objects,refs}
	ln -s ../outside "$1/work/out"
	ln -s ../home/.ssh "$1/work/key"
	ln -s . "$1/work/again"
	cp "$operate" "$here"/refusals/operate.{py,js,sh} "$1/work/bin"
	printf -- '---\nname: reader\ntools: Read, Grep, Glob, Bash\n---\n' >"$1/reader.md"
	printf -- '---\nname: writer\ntools: Read, Edit, Write, Bash\npermissionMode: acceptEdits\n---\n' >"$1/writer.md"
	printf -- '---\nname: mute\ntools: Read, Edit\n---\n' >"$1/mute.md"
	python3 "$here/refusals/rows.py" make "$table" "$1" || exit 1
	[ "$2" = root ] || chown -hR "$2:$2" "$1" "$(cat "$1/temporary")"
}

# programs RUN: the command that makes the rows of the run, one program after the other.
programs() {
	local rows=$place/work/rows/$1 bin=$place/work/bin
	echo "$bin/operate $rows-static"
	[ ! -e "$rows-sh" ] || echo "sh $bin/operate.sh $rows-sh"
	[ ! -e "$rows-python" ] || echo "/usr/bin/python3 -IS $bin/operate.py $rows-python"
	[ ! -e "$rows-node" ] || ! command -v node >/dev/null || echo "node $bin/operate.js $rows-node"
}

# inside USER RUN DEFINITION [OPTION...]
inside() {
	local user=$1 run=$2 agent=$3 command=("$place/work/bin/operate" "$place/work/rows/$2-static")
	shift 3
	[ "$(programs "$run" | wc -l)" = 1 ] || command=(sh -c "$(programs "$run")")
	(cd "$place" && as "$user" env HOME="$place/home" "$remit" run -a "$agent.md" -w work \
		--audit "logs/$run" "$@" -- "${command[@]}" </dev/null >"results/$run" 2>"results/$run.said") || {
		fail "$user: the run $run" "$(head -c 1000 "$place/results/$run.said")"
		return 1
	}
}

# outside USER: the same without remit, where it is permitted.
outside() {
	(cd / && as "$1" env HOME="$place/home" setsid -w sh -c "$(programs outside)" </dev/null \
		>"$place/results/outside" 2>"$place/results/outside.said") ||
		fail "$1: outside" "$(head -c 1000 "$place/results/outside.said")"
}

permitted=(outside home/.ssh home/.aws home/.netrc home/.git-credentials work/.git/hooks)

status=0
for user in root $ordinary_user; do
	place=/srv/$user
	make_place "$place" "$user"
	mkfifo "$place/over"
	exec {said}< <(exec python3 "$here/refusals/rows.py" listen "$table" "$place" <"$place/over")
	exec {over}>"$place/over"
	read -r _ <&"$said"
	chmod -R a+rwX "$place/outside"
	grants=()
	for path in "${permitted[@]}"; do
		grants+=(--grant "read:$place/$path" --grant "write:$place/$path")
	done
	failed=0
	inside "$user" reader reader --deny "read:$place/work/denied"
	inside "$user" writer writer
	inside "$user" mute mute
	inside "$user" grant writer "${grants[@]}"
	outside "$user"
	[ "$failed" = 0 ] || report_close
	python3 "$here/refusals/rows.py" judge "$table" "$place" "$user" "$here/.." || status=1
	# Who listens ends, and with it the names that were listened to.
	exec {over}>&-
	read -r _ <&"$said"
	exec {said}<&-
done
exit $status
