#!/bin/bash
# Every mode x what is done x who answers: tests/matrix.sh
#
# The verdicts are those of the design's table of modes, here once more as a table. `ask` is done
# where the approver says yes, and refused where nobody can be asked or the answer is no. What was
# done is looked at outside, afterwards. The control: without remit all of it is done.
#
# For connecting it is the verdict of `why` alone.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
# shellcheck source-path=SCRIPTDIR source=report.sh
. tests/report.sh

# NAME: what the definition says of tools, the mode on the command line (-: none); then the verdicts.
#   name           tools                       mode               read  write protected exec  connect
matrix() {
	cat <<-'ROWS'
	plan           named                       plan               allow deny  deny      allow deny
	default        named                       default            allow ask   ask       allow ask
	manual         named                       manual             allow ask   ask       allow ask
	acceptEdits    named                       acceptEdits        allow allow ask       allow ask
	auto           named                       auto               allow allow ask       allow ask
	dontAsk        named                       dontAsk            allow deny  deny      allow deny
	bypass         named                       bypassPermissions  allow allow ask       allow allow
	absent-named   named                       -                  allow allow ask       allow ask
	inherited      inherited                   -                  allow ask   ask       allow ask
	no-writer      reading                     -                  allow deny  deny      allow ask
	ROWS
}

base=$(mktemp -d /var/tmp/remit-matrix.XXXXXX)
trap 'rm -rf "$base"' EXIT
trap 'exit 130' INT TERM
chmod 755 "$base"
cp "${REMIT:-build/remit}" "$base/remit" || exit 2
mkdir "$base/agents"
printf -- '---\nname: named\ntools: Read, Write, Edit, Bash, WebFetch\n---\n' >"$base/agents/named.md"
printf -- '---\nname: inherited\n---\n' >"$base/agents/inherited.md"
printf -- '---\nname: reading\ntools: Read, Bash, WebFetch\n---\n' >"$base/agents/reading.md"

# Prints one JSON answer; notes what it was asked.
for answer in once no; do
	cat >"$base/$answer" <<-END
	#!/bin/bash
	read -r question
	printf '%s\n' "\$question" >>"$base/asked"
	echo '{"answer":"$answer"}'
	END
	chmod 755 "$base/$answer"
done

# What is done inside. Each word is a name; what it did is looked at from outside.
cat >"$base/deeds" <<'END'
#!/bin/bash
cat text >/dev/null 2>&1 && echo read
/usr/bin/true && echo exec
{
	echo written >new
	echo written >text
	mkdir folder
	echo written >.git/hooks/pre-commit
	echo written >>.vscode/settings.json
	echo written >.mcp.json
	mkdir .husky
	echo written >.husky/pre-commit
	git init -q sub
	mkdir -p sub/.git/hooks
	echo written >sub/.git/hooks/pre-commit
} >/dev/null 2>&1 </dev/null
exit 0
END
chmod 755 "$base/deeds"

# KIND:PATH of what the deeds leave.
left=(write:new write:text write:folder protected:.git/hooks/pre-commit
	protected:.vscode/settings.json protected:.mcp.json protected:.husky/pre-commit
	nested:sub/.git/hooks/pre-commit)

# fresh OWNER: a workspace, into $workspace
fresh() {
	workspace=$(mktemp -d "$base/XXXXXX")
	chmod 755 "$workspace"
	git init -q "$workspace"
	mkdir "$workspace/.vscode"
	echo '{}' >"$workspace/.vscode/settings.json"
	echo text >"$workspace/text"
	[ "$1" = "$(id -u)" ] || chown -R "$1:$1" "$workspace"
}

is_done() { # PATH
	[ -d "$workspace/$1" ] || grep -q written "$workspace/$1" 2>/dev/null
}

# expected VERDICT ANSWER: done or refused
expected() {
	case $1/$2 in
	allow/* | ask/once) echo 'done' ;;
	*) echo refused ;;
	esac
}

control() {
	local entry
	fresh "$owner"
	: >"$base/said"
	(cd "$workspace" && "${become[@]}" "$base/deeds") >"$base/said"
	for entry in "${left[@]}"; do
		is_done "${entry#*:}" || fail "outside everything is done ($who)" "${entry#*:}"
	done
	if [ "$(tr '\n' ' ' <"$base/said")" = 'read exec ' ]; then
		pass "outside everything is done ($who)"
	else
		fail "outside everything is done ($who)" "$(<"$base/said")"
	fi
}

# one NAME TOOLS MODE READ WRITE PROTECTED EXEC CONNECT ANSWER
one() {
	local answer=$9 approve=deny entry kind verdict got title wrong=() options=()
	local -A verdicts=([read]=$4 [write]=$5 [protected]=$6 [nested]=$6 [exec]=$7)
	title="mode $1, the answer is $answer ($who)"
	[ "$answer" = deny ] || approve=exec:$base/$answer
	[ "$3" = - ] || options+=(-m "$3")
	fresh "$owner"
	rm -f "$base/asked"
	(cd "$workspace" && timeout 60 "${become[@]}" "$base/remit" run -q -a "$base/agents/$2.md" \
		-w "$workspace" --approve "$approve" "${options[@]}" -- "$base/deeds") \
		>"$base/said" 2>"$base/error" </dev/null ||
		wrong+=("status $?: $(head -n 1 "$base/error")")
	for kind in read exec; do
		got=refused
		! grep -qx "$kind" "$base/said" || got='done'
		[ "$got" = "$(expected "${verdicts[$kind]}" "$answer")" ] || wrong+=("$kind $got")
	done
	for entry in "${left[@]}"; do
		verdict=${verdicts[${entry%%:*}]}
		got=refused
		! is_done "${entry#*:}" || got='done'
		[ "$got" = "$(expected "$verdict" "$answer")" ] || wrong+=("${entry#*:} $got")
	done
	case "$5 $6" in
	*ask*) [ "$answer" = deny ] || [ -s "$base/asked" ] || wrong+=('nobody was asked') ;;
	*) [ ! -s "$base/asked" ] || wrong+=("asked: $(head -n 1 "$base/asked")") ;;
	esac
	if [ "${#wrong[@]}" = 0 ]; then
		pass "$title"
	else
		fail "$title" "$(printf '%s; ' "${wrong[@]}")"
	fi
}

# connecting NAME TOOLS MODE READ WRITE PROTECTED EXEC CONNECT: the verdict on a peer.
connecting() {
	local status=0 options=()
	local -A statuses=([allow]=0 [deny]=1 [ask]=2)
	[ "$3" = - ] || options=(-m "$3")
	fresh "$owner"
	"${become[@]}" "$base/remit" why -w "$workspace" "${options[@]}" \
		"$base/agents/$2.md" connect example.org:443 >"$base/said" 2>&1 || status=$?
	if [ "$status" = "${statuses[$8]}" ]; then
		pass "connect in mode $1 is ${8} ($who)"
	else
		fail "connect in mode $1 is ${8} ($who)" "$status: $(tail -n 1 "$base/said")"
	fi
}

# all CALLER OWNER WHO
all() {
	local row answer
	owner=$2 who=$3 become=()
	[ "$1" = "$(id -u)" ] || become=(setpriv --reuid "$1" --regid "$1" --clear-groups)
	: >"$base/asked"
	chmod 666 "$base/asked"
	[ "$1" = "$(id -u)" ] || chown "$1" "$base"
	control
	while read -r -a row; do
		for answer in deny once no; do
			one "${row[@]}" "$answer"
		done
		connecting "${row[@]}"
	done < <(matrix)
}

if [ "$(id -u)" = 0 ]; then
	all 4242 4242 'an ordinary user'
	all 0 4242 'root'
else
	all "$(id -u)" "$(id -u)" 'an ordinary user'
fi
report_close
