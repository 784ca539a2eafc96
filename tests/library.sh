# shellcheck shell=bash disable=SC2154,SC2034 # shared with the scripts that read this file
# What tests/walls.sh and tests/forbidden.sh share: the account of results, the three callers
# (an ordinary user; root with a workspace of its own; root with another's), workspaces.
#
# The caller sets: here, remit, probe, agents (absolute paths).

set -u
export LC_ALL=C
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
umask 022

ordinary_user=4242 # 65534 would do for nobody: it is what every unmapped file seems to belong to
another_user=4243

passed=0
failed=0
skipped=0
caller=''
place=''

pass() {
	passed=$((passed + 1))
	[ -z "${REMIT_VERBOSE:-}" ] || printf 'ok      %s: %s\n' "$caller" "$*"
}

fail() {
	failed=$((failed + 1))
	printf 'FAILED  %s: %s\n' "$caller" "$*"
}

# A skip names itself; with REMIT_SKIP=fail it is a failure.
skip() {
	if [ "${REMIT_SKIP:-}" = fail ]; then
		fail "$* (skipped, and REMIT_SKIP=fail)"
		return
	fi
	skipped=$((skipped + 1))
	printf 'skipped %s: %s\n' "$caller" "$*"
}

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 2
}

# hand_over OWNER FILE...: hands files over, where we are root and OWNER is another.
hand_over() {
	local owner=$1
	shift
	[ "$owner" = "$(id -u)" ] || chown -hR "$owner:$owner" "$@"
}

# The names that tests look at afterwards, as they stand in a manifest. What git keeps of its modules
# and work trees beside that is the agent's work, as in the git folder itself.
protected_lines='^\./(.*/)?(\.git/((modules|worktrees)/[^/]+/)?(hooks|config|commondir|gitdir)|\.mcp\.json|\.claude|\.vscode|\.idea|\.husky|\.envrc|\.npmrc|\.github|definition\.md)'

# make_repository FOLDER: what of a repository matters here, without needing git.
make_repository() {
	mkdir -p "$1"/.git/{hooks,objects/info,objects/pack,refs/heads,refs/tags,logs,info} \
		"$1"/.git/modules/library/{hooks,objects,refs} "$1"/.git/worktrees/side
	printf 'ref: refs/heads/main\n' | tee "$1/.git/HEAD" "$1/.git/worktrees/side/HEAD" \
		>"$1/.git/modules/library/HEAD"
	printf '[core]\n\trepositoryformatversion = 0\n' |
		tee "$1/.git/config" "$1/.git/config.worktree" >"$1/.git/modules/library/config"
	printf '#!/bin/sh\nexit 0\n' >"$1/.git/hooks/pre-commit"
	printf '%s/side/.git\n' "$1" >"$1/.git/worktrees/side/gitdir"
	printf '../..\n' >"$1/.git/worktrees/side/commondir"
	: >"$1/.git/logs/HEAD"
	# What comes to stand at another name is judged by its content.
	printf "DIRC no configuration" >"$1/.git/index"
	echo "# nothing" >"$1/.git/info/exclude"
	mkdir "$1/spare-folder"
	printf 'spare\n' >"$1/spare-file"
}

# make_workspace FOLDER AGENT: the other protected names, and what probes and commands work on.
make_workspace() {
	mkdir -p "$1"/{.claude,.vscode,.idea,.husky,.github/workflows,bin,folder}
	[ -d "$1/spare-folder" ] || mkdir "$1/spare-folder"
	printf 'spare\n' >"$1/spare-file"
	local name
	for name in .mcp.json .claude/settings.json .vscode/tasks.json; do
		printf '{}\n' >"$1/$name"
	done
	printf '<project/>\n' >"$1/.idea/workspace.xml"
	printf 'exit 0\n' >"$1/.husky/pre-commit"
	: >"$1/.envrc"
	: >"$1/.npmrc"
	# A protected name may be a link: then it is its target that must not change. (The link itself
	# can be replaced until there is a broker: a mount covers what a link leads to.)
	printf 'on: push\n' >"$1/.github/workflows/ci.yml"
	cp "$probe" "$1/bin/probe"
	cp "$agents/$2.md" "$1/definition.md"
}

# call_as_everyone FUNCTION: runs the script again as each caller. FUNCTION gets the owner of the
# workspaces; it works in $place, a fresh folder of the caller with a home.
call_as_everyone() {
	if [ -n "${REMIT_TEST_CALLER:-}" ]; then
		caller=$REMIT_TEST_CALLER
		place=$REMIT_TEST_PLACE
		"$1" "$REMIT_TEST_OWNER"
		printf '%s %s %s\n' "$passed" "$failed" "$skipped" >"$place/totals"
		exit 0
	fi
	base=$(mktemp -d "${TMPDIR:-/var/tmp}/remit-test.XXXXXX") || exit 2
	base=$(cd "$base" && pwd -P)
	trap 'rm -rf "$base"' EXIT
	trap 'exit 130' INT TERM
	chmod 755 "$base"
	mkdir "$base/tools"
	if ! { cp -L "$remit" "$base/tools/remit" && cp "$probe" "$base/tools/probe" &&
		cp -R "$agents" "$base/tools/agents" && cp -R "$here" "$base/tools/tests"; }; then
		die "the programs under test cannot be copied"
	fi
	chmod -R a+rX "$base/tools"
	if [ "$(id -u)" != 0 ]; then
		call_as "user-$(id -u)" "$(id -u)" "$(id -u)"
	else
		call_as root 0 0
		call_as root-foreign 0 "$ordinary_user"
		call_as "user-$ordinary_user" "$ordinary_user" "$ordinary_user"
	fi
	printf '%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
	[ "$failed" = 0 ]
}

# call_as NAME USER OWNER
call_as() {
	local place=$base/$1 run=() totals
	mkdir -p "$place/home"
	if [ "$(id -u)" = 0 ]; then
		cp "$probe" "$place/setuid-copy"
		chown "$([ "$2" = 0 ] && echo "$another_user" || echo 0)" "$place/setuid-copy"
		chmod 4755 "$place/setuid-copy"
		chown "$2:$2" "$place" "$place/home"
		[ "$2" = 0 ] || run=(setpriv --reuid "$2" --regid "$2" --clear-groups)
	fi
	HOME=$place/home TMPDIR=/var/tmp REMIT_TEST_CALLER=$1 REMIT_TEST_PLACE=$place \
		REMIT_TEST_OWNER=$3 REMIT_TEST_ROOT=$([ "$(id -u)" = 0 ] && echo 1) \
		"${run[@]}" bash "$base/tools/tests/${0##*/}" "$base/tools/remit" </dev/null
	caller=$1
	if totals=$(cat "$place/totals" 2>/dev/null); then
		# shellcheck disable=SC2086 # three numbers
		set -- $totals
		passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
	else
		fail "the tests ended early"
	fi
}
