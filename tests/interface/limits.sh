# shellcheck shell=bash
# Part of tests/interface.sh, sourced: many runs at once, and what is limited of one.

two_hundred() {
	local i bad=0
	local -a jobs=()
	for i in {1..200}; do
		"${confined[@]}" -- true &
		jobs+=($!)
	done
	for i in "${jobs[@]}"; do
		wait "$i" || bad=$((bad + 1))
	done
	equal 0 $bad
}

# limited NAME: how many of sixty processes come to be.
limited_processes() {
	local bomb='for i in $(seq 60); do sleep 3 & echo; done' count
	equal 60 "$("${confined[@]}" -- dash -c "$bomb" 2>/dev/null | wc -l)" || return 1
	count=$("${confined[@]}" --limit processes=20 -- dash -c "$bomb" 2>/dev/null | wc -l)
	if [ "$count" -lt 5 ] || [ "$count" -ge 20 ]; then
		echo "$count processes under a limit of 20"
		return 1
	fi
}

limited_file_size() {
	local script='head -c 2M /dev/zero >large 2>/dev/null; stat -c %s large'
	equal 2097152 "$("${confined[@]}" -- sh -c "$script" 2>/dev/null)" || return 1
	equal 1048576 "$("${confined[@]}" --limit file-size=1M -- sh -c "$script" 2>/dev/null)"
}

limited_files() {
	local script='for i in $(seq 10 60); do eval "exec $i</dev/null" || break; echo; done'
	equal 51 "$("${confined[@]}" -- bash -c "$script" 2>/dev/null | wc -l)" || return 1
	equal 22 "$("${confined[@]}" --limit files=32 -- bash -c "$script" 2>/dev/null | wc -l)"
}

limited_cpu() {
	timeout "$patience" "${confined[@]}" --limit cpu=1 -- bash -c 'while :; do :; done'
	equal 137 $? || return 1
	"${confined[@]}" --limit cpu=1 -- sleep 1.5
}

limited_scratch() {
	local script='head -c 2M /dev/zero >/tmp/large'
	"${confined[@]}" -- sh -c "$script" || return 1
	! "${confined[@]}" --limit scratch=1M -- sh -c "$script" 2>/dev/null
}
