# Completion of remit for bash. The table stands in remit itself (remit --print-options); this file
# is made from it when remit is installed.
# shellcheck shell=bash

IFS= read -r -d '' _remit_table <<'TABLE'
@TABLE@
TABLE

# _remit_fields KIND KEY NUMBER: field NUMBER of the rows of KIND whose first field is KEY (or any,
# where KEY is `*`), one a line.
_remit_fields() {
	local row
	while IFS= read -r row; do
		IFS=$'\t' read -ra row <<<"$row"
		# shellcheck disable=SC2053 # `*` is a pattern
		[[ ${row[0]} == "$1" && ${row[1]} == $2 ]] && printf '%s\n' "${row[$3]}"
	done <<<"$_remit_table"
}

# _remit_option COMMAND WORD: sets option_name, option_word and option_kind to the row of an option
# as it stands on the line (`--mode`, `-m`). False where there is none.
_remit_option() {
	local -a row
	while IFS=$'\t' read -ra row; do
		[[ ${row[0]} == option && ${row[1]} == "$1" ]] || continue
		[[ --${row[3]} == "$2" || (${row[2]} != - && -${row[2]} == "$2") ]] || continue
		option_name=${row[3]} option_word=${row[4]} option_kind=${row[5]}
		return 0
	done <<<"$_remit_table"
	return 1
}

# _remit_letters COMMAND WORD: as _remit_option, for letters in one word (`-qm`, `-mplan`): the first
# that takes a value, which begins behind option_end.
_remit_letters() {
	local i
	for ((i = 1; i < ${#2}; i++)); do
		option_end=${2:0:i + 1}
		_remit_option "$1" "-${2:i:1}" || return 1
		[[ $option_word == - ]] || return 0
	done
}

# The words up to the cursor, as remit will see them: COMP_WORDS is also cut at `:` and `=`. Sets
# words, and at, the number that each has in COMP_WORDS.
_remit_words() {
	local rest=${COMP_LINE:0:COMP_POINT} i word
	words=() at=()
	for ((i = 0; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ $i -eq 0 || $rest == [[:space:]]* ]]; then
			rest=${rest#"${rest%%[![:space:]]*}"}
			[[ $rest == "$word"* ]] || word=$rest
			words+=("$word") at+=("$i")
		else
			[[ $rest == "$word"* ]] || word=$rest
			words[${#words[@]} - 1]+=$word
		fi
		rest=${rest#"$word"}
	done
}

# _remit_reply FRONT CANDIDATE...: offers FRONT with each. readline replaces only what stands behind
# the last character at which it cuts words.
_remit_reply() {
	local front=$1 cuts='' head=''
	shift
	[[ $COMP_WORDBREAKS != *:* ]] || cuts+=:
	[[ $COMP_WORDBREAKS != *=* ]] || cuts+='='
	[[ -z $cuts || $current != *["$cuts"]* ]] || head=${current%"${current##*["$cuts"]}"}
	local candidate
	for candidate; do
		candidate=$front$candidate
		COMPREPLY+=("${candidate#"$head"}")
		[[ $candidate != *[:=] ]] || compopt -o nospace 2>/dev/null
	done
}

# _remit_files ACTION FRONT VALUE: files, or what else of compgen's actions.
_remit_files() {
	local -a found
	mapfile -t found < <(compgen -A "$1" -- "$3")
	compopt -o filenames 2>/dev/null
	_remit_reply "$2" "${found[@]}"
}

# _remit_value KIND NAME FRONT: completes what of the current word stands behind FRONT. NAME is the
# option's, which may have values of its own.
_remit_value() {
	local kind=$1 name=$2 front=$3 value=${current#"$3"}
	local -a found
	mapfile -t found < <(compgen -W "$(_remit_fields value "$kind" 2
		[[ $name == "$kind" ]] || _remit_fields value "$name" 2)" -- "$value")
	[[ ($kind == rule || $kind == approver) && $value == *:* ]] || _remit_reply "$front" "${found[@]}"
	case $kind:$value in
	file:*) _remit_files file "$front" "$value" ;;
	directory:*) _remit_files directory "$front" "$value" ;;
	variable:*) _remit_files variable "$front" "$value" && compopt +o filenames 2>/dev/null ;;
	approver:exec:*) _remit_files file "${front}exec:" "${value#*:}" ;;
	rule:read:* | rule:write:*) _remit_files file "$front${value%%:*}:" "${value#*:}" ;;
	rule:exec:*)
		_remit_files command "$front${value%%:*}:" "${value#*:}"
		_remit_files file "$front${value%%:*}:" "${value#*:}"
		;;
	esac
}

# The command behind the options, with its own arguments.
_remit_program() {
	local helper
	for helper in _comp_command_offset _command_offset; do
		declare -F $helper >/dev/null || continue
		$helper "$1"
		return
	done
	[[ $COMP_CWORD -ne $1 ]] || _remit_files command '' "$current"
	[[ $COMP_CWORD -eq $1 && $current != */* ]] || _remit_files file '' "$current"
}

# _remit_kind COMMAND NUMBER: prints the kind of the argument of that number.
_remit_kind() {
	local -a row
	while IFS=$'\t' read -ra row; do
		[[ ${row[0]} == argument && ${row[1]} == "$1" ]] || continue
		[[ ${row[2]} != "$2" && ${row[2]} != + ]] || { echo "${row[4]}"; return; }
	done <<<"$_remit_table"
}

_remit() {
	local -a words at
	local current command i ended='' number=1 option_name option_word option_kind option_end
	_remit_words
	current=${words[${#words[@]} - 1]}
	command=${words[1]}
	COMPREPLY=()
	if ((${#words[@]} <= 2)); then
		mapfile -t COMPREPLY < <(compgen -W "$(_remit_fields command '*' 1)" -- "$current")
		return
	fi
	for ((i = 2; i < ${#words[@]} - 1; i++)); do
		if [[ -z $ended && ${words[i]} == -- ]]; then
			ended=yes
		elif [[ -z $ended && ${words[i]} == -?* ]]; then
			option_end=${words[i]}
			if [[ ${words[i]} == --* ]]; then
				_remit_option "$command" "${words[i]}" || continue
			else
				_remit_letters "$command" "${words[i]}" || continue
			fi
			[[ $option_word != - && $option_end == "${words[i]}" ]] || continue
			((++i < ${#words[@]} - 1)) || { _remit_value "$option_kind" "$option_name" ''; return; }
		elif [[ $(_remit_kind "$command" $number) == program ]]; then
			_remit_program "${at[i]}"
			return
		else
			number=$((number + 1))
		fi
	done
	if [[ -z $ended && $current == --*=* ]]; then
		_remit_option "$command" "${current%%=*}" && [[ $option_word != - ]] &&
			_remit_value "$option_kind" "$option_name" "${current%%=*}="
	elif [[ -z $ended && $current == -[!-]* ]]; then
		_remit_letters "$command" "$current" && [[ $option_word != - ]] &&
			_remit_value "$option_kind" "$option_name" "$option_end"
	elif [[ -z $ended && $current == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_remit_fields option "$command" 3 | sed 's/^/--/')" -- "$current")
	else
		local kind
		kind=$(_remit_kind "$command" $number)
		case $kind in
		program) _remit_program "${at[${#at[@]} - 1]}" ;;
		?*) _remit_value "$kind" '' '' ;;
		esac
	fi
}

complete -F _remit remit
