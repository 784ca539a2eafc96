#!/bin/bash
# What bash, zsh and fish complete: tests/completions.sh (make install-test)
#
# Installs remit below a temporary folder and lets each shell find its completions there by itself.
# What they offer is compared with what --help and policies/ say, which the completions are not made
# from. bash and zsh run on a terminal and insert all candidates (tests/completions/type.py).
set -u
cd "$(dirname "$0")/.." || exit 2
# shellcheck source=tests/report.sh
. tests/report.sh
export LC_ALL=C
place=$(mktemp -d "${TMPDIR:-/var/tmp}/remit-completions.XXXXXX") || exit 2
trap 'rm -rf "$place"' EXIT
root=$PWD
remit=$place/usr/bin/remit
work=$place/work

if ! make -s install BUILD="${BUILD:-build}" PREFIX="$place/usr" DESTDIR= >"$place/log" 2>&1; then
	cat "$place/log"
	fail 'make install'
	report_close
	exit 1
fi
mkdir -p "$work/folder" "$place/home"
printf -- '---\nname: all\n---\n' >"$work/definition.md"
: >"$work/fold.txt"
cd "$work" || exit 2

# --- what is expected, from elsewhere

commands() { "$remit" --help | sed -n 's/^  remit \([^ ]*\).*/\1/p'; }
options() { "$remit" "$1" --help | sed -n 's/^  [^ ]* *\(--[a-z-]*\).*/\1/p'; }
modes() { sed -n '/^modes:/,$s/^  \([A-Za-z]*\):.*/\1/p' "$root/policies/modes.yaml"; }
limits() { sed -n '/^limits:/,$s/^  \([a-z-]*\):.*/\1=/p' "$root/policies/limits.yaml"; }
ceilings() { (cd "$root/policies/ceilings" && printf "$place/usr/share/remit/ceilings/%s\n" *.yaml); }

# Rows: the line; a tab; `=` and every candidate, `+` and some, `!` and one that must not be there.
rows() {
	local command
	printf 'remit \t= %s\n' "$(commands | xargs)"
	for command in $(commands | grep -v ^-); do
		printf 'remit %s --\t= %s\n' "$command" "$(options "$command" | xargs)"
	done
	printf 'remit run --mode \t= %s\n' "$(modes | xargs)"
	printf 'remit run --limit \t= %s\n' "$(limits | xargs)"
	printf 'remit explain -C \t= definition.md fold.txt folder %s\n' "$(ceilings | xargs)"
	sed 's/ | */\t/' <<-'ROWS'
	remit run --mode=a | = acceptEdits auto
	remit run -m pl | = plan
	remit run -qm pl | = plan
	remit run -t NotebookE | = NotebookEdit
	remit run -t TaskCr | =
	remit run --grant  | = connect: delegate: exec: read: write:
	remit run --grant read:de | = definition.md
	remit run --deny=write:fold | = fold.txt folder
	remit run --deny exec:gre | + grep
	remit run --deny connect:de | =
	remit run --approve  | = allow deny exec: tty
	remit run --approve t | = tty
	remit run --approve exec:de | = definition.md
	remit run --remember de | = definition.md
	remit run --layers n | + namespaces
	remit run --allow-weaker  | = workspace
	remit run -w fo | = folder
	remit run -a fo | = fold.txt folder
	remit run --policy de | = definition.md
	remit run --env HOM | + HOME
	remit run --user  | =
	remit why definition.md  | = connect delegate exec read write
	remit why definition.md read de | = definition.md
	remit compile definition.md --js | = --json
	remit compile definition.md -- cat de | = definition.md
	remit run -a definition.md --str | = --strict
	remit run -a definition.md -- --str | =
	remit run -a definition.md cat --str | ! --strict
	remit run -a definition.md ca | + cat
	remit run -a definition.md -- cat de | = definition.md
	remit run -a definition.md -w . -- sh -c  | ! --agent
	remit nonsense --js | =
	ROWS
}

# --- asking a shell: one line of candidates for each line on standard input

# The candidates behind the last word of each line, where the whole line came back.
behind_line() { # LINES ANSWERS
	local line answer head
	while IFS= read -r line <&3 && IFS= read -r answer <&4; do
		head=${line%"${line##* }"}
		if [ "$answer" = "$line" ]; then
			echo # nothing was inserted
		elif [[ $answer == "$head"* ]]; then
			printf '%s\n' "${answer#"$head"}"
		else
			printf 'unexpected: %s\n' "$answer"
		fi
	done 3<"$1" 4<"$2"
}

typed() { # SHELL SETUP LINES
	env -i PATH="$place/usr/bin:$PATH" HOME="$place/home" LC_ALL=C XDG_DATA_DIRS="$share:/usr/share" \
		"$root/tests/completions/type.py" "$1" "$2" <"$3" >"$place/answers"
	behind_line "$3" "$place/answers"
}

# bash without the package bash-completion reads the file from elsewhere.
ask_bash() { typed bash ". $share/bash-completion/completions/remit" "$1"; }
ask_bash_completion() { typed bash '. /usr/share/bash-completion/bash_completion' "$1"; }
ask_zsh() {
	typed zsh "fpath=($share/zsh/site-functions \$fpath); autoload -Uz compinit; compinit -u -D" "$1"
}
ask_fish() {
	local line
	while IFS= read -r line; do
		# shellcheck disable=SC2016 # fish's own
		env -i PATH="$place/usr/bin:$PATH" HOME="$place/home" LC_ALL=C \
			XDG_DATA_DIRS="$share:/usr/share" fish -c 'complete -C $argv[1]' "$line" |
			cut -f1 | xargs
	done <"$1"
}

# Candidates without what the shells do differently: the part of the word that is typed, a slash
# behind folders, letters beside the names of options.
normal() {
	local word
	for word; do
		[[ $word != --*= ]] || word=${word%=}
		word=${word#--*=} word=${word%/}
		[[ $word != *:?* ]] || word=${word#*:}
		[[ $word == -[!-] ]] || printf '%s\n' "$word"
	done | sort -u | xargs
}

judge() { # SHELL LINE EXPECTED CANDIDATES
	local how=${3%% *} want missing='' word got
	# shellcheck disable=SC2086 # words
	{
		got=$(normal $4)
		want=$(printf '%s\n' ${3#?} | sort -u | xargs)
	}
	case $how in
	=) [ "$got" = "$want" ] || missing="wanted: $want" ;;
	+) for word in $want; do [[ " $got " == *" $word "* ]] || missing="wanted: $word"; done ;;
	!) for word in $want; do [[ " $got " != *" $word "* ]] || missing="not wanted: $word"; done ;;
	esac
	if [ -z "$missing" ]; then
		pass "$1: $2"
	else
		fail "$1: $2" "$missing; got: ${got:0:400}"
	fi
}

ask() { # SHELL ROWS
	local line expected candidates
	cut -f1 "$2" >"$place/lines"
	"ask_$1" "$place/lines" >"$place/candidates" 2>&1
	if [ "$(wc -l <"$place/candidates")" -ne "$(wc -l <"$place/lines")" ]; then
		fail "$1 answers each line" "$(tail -n 3 "$place/candidates")"
		return
	fi
	while IFS=$'\t' read -r line expected <&3 && IFS= read -r candidates <&4; do
		judge "$1" "$line" "$expected" "$candidates"
	done 3<"$2" 4<"$place/candidates"
}

shells() {
	local shell
	for shell in bash zsh fish; do
		if command -v $shell >/dev/null; then
			echo $shell
		else
			skip "$shell" 'not on this machine' >&2
		fi
	done
	[ -e /usr/share/bash-completion/bash_completion ] && echo bash_completion
}

# --- the tests

share=$place/usr/share
rows >"$place/rows"
# A row that would be made of nothing would let anything pass.
if [ "$(modes | wc -l)" -ge 7 ] && [ "$(options run | wc -l)" -ge 20 ] && [ "$(commands | wc -l)" -ge 8 ]; then
	pass 'there is something to compare with'
else
	fail 'there is something to compare with' "$(cat "$place/rows")"
fi
for shell in $(shells); do
	ask "$shell" "$place/rows"
done

# A word of --help without a kind would complete to nothing.
unknown=$("$remit" --print-options | awk -F'\t' '$1 == "option" && $6 == "unknown" || $1 == "argument" && $5 == "unknown"')
if [ -z "$unknown" ]; then
	pass 'every option and argument has a kind'
else
	fail 'every option and argument has a kind' "add it in src/cmd/completions.c: $unknown"
fi

# A new row of the tables appears without anybody's doing.
share=$place/more
mkdir -p "$share" && cp -R "$place/usr/share/." "$share"
printf 'remit run --frob\t= --frobnicate\nremit run --frobnicate d\t= default dontAsk\n' >"$place/rows"
for file in bash:bash-completion/completions/remit zsh:zsh/site-functions/_remit \
	fish:fish/vendor_completions.d/remit.fish; do
	(cd "$root" && { "$remit" --print-options &&
		printf "option\trun\tz\tfrobnicate\tMODE\tmode\tit's \\\\ new: [or] \"not\" \$HOME\n"; } |
		scripts/completions/fill "scripts/completions/remit.${file%%:*}" /ceilings) \
		>"$share/${file#*:}"
done
for shell in $(shells 2>/dev/null); do
	ask "$shell" "$place/rows"
done

# Every value that is offered is one that remit takes, and an invented one is refused.
takes() { # KIND VALUE
	case $1 in
	mode) "$remit" explain -w . --mode "$2" definition.md ;;
	tool) "$remit" explain -w . --tool "$2" definition.md ;;
	effect) "$remit" why -w . definition.md "$2" x || [ $? -le 2 ] ;;
	rule) "$remit" explain -w . --deny "${2}x" definition.md ;;
	ceiling) "$remit" explain -w . --ceiling "$2" definition.md ;;
	level) "$remit" run --layers "$2" --help ;;
	approver) "$remit" run --dry-run -a definition.md -w . --approve "${2/%:/:/bin/true}" -- true ;;
	weaker) "$remit" run --allow-weaker "$2" --help ;;
	# A limit on memory may be more than this machine can hold.
	limit)
		said=$("$remit" compile -w . --limit "${2}5" definition.md 2>&1) ||
			[[ $2 == memory= && $said != *unknown* ]]
		;;
	*) false ;;
	esac >/dev/null 2>"$place/log"
}

values() {
	"$remit" --print-options | awk -F'\t' '$1 == "value" {print $2, $3}'
	ceilings | sed 's/^/ceiling /'
}

while read -r kind value <&3; do
	if takes "$kind" "$value"; then
		pass "remit takes $kind $value"
	else
		fail "remit takes $kind $value" "$(cat "$place/log")"
	fi
done 3< <(values)
for kind in $(values | cut -d' ' -f1 | sort -u); do
	if takes "$kind" frobnicate:; then
		fail "remit refuses an invented $kind"
	else
		pass "remit refuses an invented $kind"
	fi
done
report_close
