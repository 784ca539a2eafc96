#compdef remit
# Completion of remit for zsh. The table stands in remit itself (remit --print-options); this file
# is made from it when remit is installed.

local table
IFS= read -r -d '' table <<'TABLE'
@TABLE@
TABLE
table=${table%$'\n'}

# _remit_values [OPTION...] KIND: the values of a kind, or of the option of that name, from the
# table. The options are those of compadd, which _arguments and _alternative put there.
_remit_values() {
	local -a found
	local row
	for row in "${(@f)table}"; do
		local -a fields=("${(@ps:\t:)row}")
		[[ $fields[1] == value && $fields[2] == $@[-1] ]] && found+=("$fields[3]")
	done
	(( $#found )) || return 1
	# What ends with `:` or `=` goes on.
	if [[ $found[1] == *[:=] ]]; then
		compadd "${@[1,-2]}" -S '' -- $found
	else
		compadd "${@[1,-2]}" -- $found
	fi
}

# _remit_rule: an effect, a colon, a target.
_remit_rule() {
	if compset -P 'exec:'; then
		_alternative 'commands::_command_names -e' 'files::_files'
	elif compset -P '(read|write):'; then
		_files
	elif ! compset -P '*:'; then
		_remit_values rule
	fi
}

# _remit_approver: a word, or `exec:` and a program by its path.
_remit_approver() {
	if compset -P 'exec:'; then
		_files
	else
		_remit_values approver
	fi
}

# _remit_file NAME: files, and what is ready for the option NAME.
_remit_file() {
	local result=1
	_remit_values "$@" && result=0
	_files "${@[1,-2]}" && result=0
	return result
}

# _remit_action KIND NAME: sets REPLY to what completes a value of that kind.
_remit_action() {
	case $1 in
	file) REPLY="_remit_file ${2:-none}" ;;
	directory) REPLY='_files -/' ;;
	variable) REPLY='_parameters -g "*export*"' ;;
	rule) REPLY='_remit_rule' ;;
	approver) REPLY='_remit_approver' ;;
	free | unknown) REPLY=' ' ;;
	*) REPLY="_remit_values $1" ;;
	esac
}

local curcontext=$curcontext row form REPLY
local -a fields names specs stop

if (( CURRENT == 2 )); then
	for row in "${(@f)table}"; do
		fields=("${(@ps:\t:)row}")
		[[ $fields[1] == command ]] && names+=("$fields[2]:$fields[4]")
	done
	_describe -t commands 'remit command' names
	return
fi

for row in "${(@f)table}"; do
	fields=("${(@ps:\t:)row}")
	[[ $fields[2] == $words[2] ]] || continue
	case $fields[1] in
	option)
		local -a forms=(--$fields[4])
		[[ $fields[3] != - ]] && forms+=(-$fields[3])
		for form in $forms; do
			if [[ $fields[5] == - ]]; then
				specs+=("*${form}[${fields[7]//(#m)[\[\]]/\\$MATCH}]")
				continue
			fi
			_remit_action $fields[6] $fields[4]
			[[ $form == --* ]] && form+== || form+=+
			specs+=("*${form}[${fields[7]//(#m)[\[\]]/\\$MATCH}]:${fields[5]//:/\\:}:$REPLY")
		done
		;;
	argument)
		if [[ $fields[5] == program ]]; then
			# What follows is a command line of its own. Where it comes first, it ends the
			# options; elsewhere only `--` tells it from them.
			[[ $fields[3] == 1 || -n ${words[(r)--]} ]] || continue
			[[ $fields[3] == 1 ]] && stop=(-A '-*')
			specs+=("*:::command: _normal")
			continue
		fi
		_remit_action $fields[5] ''
		specs+=("${fields[3]/+/*}:${fields[4]}:$REPLY")
		;;
	esac
done

words=("${(@)words[2,-1]}")
(( CURRENT-- ))
_arguments -s -S $stop $specs
