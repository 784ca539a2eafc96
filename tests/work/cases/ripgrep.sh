# shellcheck shell=bash
# A search that goes through many files with several threads.
# needs: rg

prepare() {
	local number
	for number in $(seq 20); do
		mkdir "folder_$number"
		seq -f "line %.0f of folder_$number" 200 | split -l 4 - "folder_$number/file_"
	done
}

inside() {
	equal 20 "$(rg -c -g 'file_*' 'line 77 of' | wc -l)"
	equal 1000 "$(rg --files -g 'file_*' | wc -l)"
	equal 'needle' "$(echo needle | rg -o 'ne+dle')"
	if rg -q 'not to be found any[w]here'; then return 1; fi
}
