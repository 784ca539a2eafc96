#!/bin/bash
# What a packager and a user of the library need: tests/install.sh (make install-test)
#
# make install and uninstall below temporary folders, pkg-config, the shared library, the manuals,
# and the examples in C and Python, as root and as an ordinary user. tests/completions.sh has the
# completions.
set -u
cd "$(dirname "$0")/.." || exit 2
# shellcheck source=tests/report.sh
. tests/report.sh
export LC_ALL=C
# Programs that every user may execute, not those of a home folder.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
unset MAKEFLAGS MFLAGS MAKELEVEL # of the make that started this
umask 022
ordinary_user=4242
# Not /tmp: that is scratch inside the sandbox, and workspaces lie here.
place=$(mktemp -d "${TMPDIR:-/var/tmp}/remit-install.XXXXXX") || exit 2
trap 'rm -rf "$place"' EXIT
chmod 755 "$place"
build=$(cd "${BUILD:-build}" && pwd) || exit 2
version=$("$build/remit" --version | sed 's/^remit //')
soname=libremit.so.${version%.*}

# check NAME COMMAND...: one result; what COMMAND prints says why it failed.
check() {
	local name=$1 said
	shift
	if said=$("$@" 2>&1); then
		pass "$name"
	else
		fail "$name" "$(head -c 800 <<<"$said" | tr '\n' ' ')"
	fi
}

# same WANTED GOT: compares two texts, shows the difference.
same() { diff <(printf '%s\n' "$1") <(printf '%s\n' "$2"); }

install_into() { # DESTDIR VARIABLE=VALUE...
	local dest=$1
	shift
	make -s install BUILD="${BUILD:-build}" DESTDIR="$dest" "$@"
}

uninstall_from() {
	local dest=$1
	shift
	make -s uninstall BUILD="${BUILD:-build}" DESTDIR="$dest" "$@"
}

# --- the installed tree

wanted_files() { # below /usr/local
	cat <<-FILES
	bin/remit
	include/remit.h
	lib/libremit.a
	lib/libremit.so
	lib/$soname
	lib/libremit.so.$version
	lib/pkgconfig/remit.pc
	share/bash-completion/completions/remit
	share/fish/vendor_completions.d/remit.fish
	share/man/man1/remit.1
	share/man/man3/libremit.3
	share/man/man5/remit-policy.5
	share/zsh/site-functions/_remit
	FILES
	(cd policies/ceilings && printf 'share/remit/ceilings/%s\n' *.yaml)
	printf 'share/doc/remit/%s\n' README.md SECURITY.md LICENSE design.md
	(cd docs/examples && printf 'share/doc/remit/examples/%s\n' *)
}

files_of() { (cd "$1" && find . ! -type d | sed 's|^\./||' | sort); }

modes_are_right() { # every file 644 or 755, nothing empty
	find "$1" -type f ! -perm 644 ! -path '*/bin/remit' -o -path '*/bin/remit' ! -perm 755 -o \
		-type f -empty -o -type d ! -perm 755 | grep . && return 1
	return 0
}

install_and_uninstall() {
	local dest="$place/dest with a space"
	check 'make install' install_into "$dest"
	check 'it installs these files, no others' same "$(wanted_files | sort)" \
		"$(files_of "$dest/usr/local")"
	check 'nothing lies beside the prefix' same "$dest/usr" "$(find "$dest" -path '*/usr/local' -prune \
		-o -mindepth 1 -print)"
	check 'modes of files and folders' modes_are_right "$dest"
	check 'links lead to the library' same "libremit.so.$version $soname" \
		"$(readlink "$dest/usr/local/lib/$soname" "$dest/usr/local/lib/libremit.so" | xargs)"
	check 'the installed program runs' same "remit $version" "$("$dest/usr/local/bin/remit" --version)"
	check 'installing again changes nothing' install_into "$dest"
	check 'the files are the same then' same "$(wanted_files | sort)" "$(files_of "$dest/usr/local")"

	# What others have put there stays.
	: >"$dest/usr/local/bin/another"
	: >"$dest/usr/local/share/remit/ceilings/own.yaml"
	check 'make uninstall' uninstall_from "$dest"
	check 'it leaves what is of others, and nothing else' \
		same "bin/another share/remit/ceilings/own.yaml" "$(files_of "$dest/usr/local" | xargs)"
	rm "$dest/usr/local/bin/another" "$dest/usr/local/share/remit/ceilings/own.yaml"
	check 'uninstalling again' uninstall_from "$dest"
	check 'no file and no folder of remit is left' same '' "$(
		find "$dest" ! -type d
		find "$dest" -mindepth 1 -name '*remit*'
	)"
}

odd_places() {
	local dest=$place/odd pc
	check 'make install with folders of its own' install_into "$dest" prefix=/usr bindir=/opt/bin \
		libdir=/usr/lib/some-linux includedir=/usr/include/remit mandir=/man docdir=/doc \
		pkgconfigdir=/pc bashcompdir=/b zshcompdir=/z fishcompdir=/f datadir=/data
	check 'each is used' same "b data doc f man opt pc usr z" "$(find "$dest" -mindepth 1 -maxdepth 1 \
		-printf '%f\n' | sort | xargs)"
	check 'below usr are header and library' same "include/remit lib/some-linux" \
		"$(cd "$dest/usr" && find . -type f -printf '%P\n' | sed 's|/[^/]*$||' | sort -u | xargs)"
	pc="$(PKG_CONFIG_PATH=$dest/pc pkg-config --variable=libdir remit) $(
		PKG_CONFIG_PATH=$dest/pc pkg-config --variable=includedir remit)"
	check 'remit.pc names them' same '/usr/lib/some-linux /usr/include/remit' "$pc"
	check 'uninstall takes the same' uninstall_from "$dest" prefix=/usr bindir=/opt/bin \
		libdir=/usr/lib/some-linux includedir=/usr/include/remit mandir=/man docdir=/doc \
		pkgconfigdir=/pc bashcompdir=/b zshcompdir=/z fishcompdir=/f datadir=/data
	check 'and leaves no file' same '' "$(find "$dest" ! -type d)"
}

# trace_make FILE ARGUMENT...: runs make, with its changes to files in FILE.
trace_make() {
	local trace=$1
	shift
	strace -f -y -s 4096 -o "$trace" -e trace=%file,fchdir,fchmod,fchown,ftruncate \
		make -s BUILD="${BUILD:-build}" "$@" >/dev/null 2>&1
}

# Paths that a traced make changed, one a line: files opened for writing, and every other call on a
# path that is not known only to look.
changed_paths() {
	awk -v here="$PWD" '
		function absolute(folder, path) {
			return path ~ /^\// ? path : folder "/" path
		}
		/ = -1 / || !match($0, /^[0-9]+ +[a-z0-9_]+\(/) { next }
		{
			call = substr($0, 1, RLENGTH - 1)
			sub(/^[0-9]+ +/, "", call)
			folder = $1 in cwd ? cwd[$1] : here
			said = substr($0, RSTART + RLENGTH)
			sub(/\) += .*/, "", said)
			# The last path is the one that comes to be.
			path = ""
			if (match(said, /.*"/)) {
				path = substr(said, 1, RLENGTH - 1)
				before = path
				sub(/"[^"]*$/, "", before)
				sub(/.*"/, "", path)
				if (before ~ />, $/) {
					sub(/>, $/, "", before)
					sub(/.*</, "", before)
					folder = before
				}
			} else if (match(said, /<[^>]*>/))
				path = substr(said, RSTART + 1, RLENGTH - 2)
			path = absolute(folder, path)
		}
		call == "chdir" || call == "fchdir" { cwd[$1] = path; next }
		call ~ /stat|readlink|access|execve|getcwd/ { next }
		call ~ /^open/ && said !~ /O_WRONLY|O_RDWR|O_CREAT/ { next }
		{ print path }' | sort -u
}

# The parts of the tree that install may change beside DESTDIR: what it builds.
outside() { # DESTDIR TRACE
	changed_paths <"$2" | grep -vE "^($1|$build|/dev)(/|\$)" | grep -vE '^/tmp/(sh-thd|GM)'
}

stays_inside() {
	local dest=$place/traced trace=$place/trace
	if ! strace -o "$trace" true 2>/dev/null; then
		skip 'install writes below DESTDIR alone' 'strace cannot trace here'
		return
	fi
	trace_make "$trace" install DESTDIR="$dest"
	check 'the trace sees what is written' grep -q "$dest/usr/local/bin" <(changed_paths <"$trace")
	check 'install writes below DESTDIR alone' same '' "$(outside "$dest" "$trace")"
	# The control: without DESTDIR the same question has an answer.
	trace_make "$trace" install DESTDIR= PREFIX="$place/other"
	check 'without DESTDIR it writes below PREFIX' grep -q "^$place/other/bin/remit" \
		<(outside "$dest" "$trace")
	trace_make "$trace" uninstall DESTDIR="$dest"
	check 'uninstall removes below DESTDIR alone' same '' "$(outside "$dest" "$trace")"
	check 'and did' same '' "$(find "$dest" ! -type d)"
}

# --- the library

functions() { sed -n '/^typedef/d;s/^[a-z].*[ *]\(remit_[a-z_]*\)(.*/\1/p' include/remit.h | sort; }

# The sonames behind -lNAME; what has none is a part of the C library.
needed_libraries() {
	local option file
	echo libc.so.6
	for option in $(pkg-config --static --libs-only-l remit); do
		file=$(cc -print-file-name="lib${option#-l}.so")
		[ "$option" = -lremit ] || [ ! -e "$file" ] ||
			readelf -d "$file" | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p'
	done
}

header_alone() { # COMPILER...
	printf '#include <remit.h>\nint main(void) { return remit_version() == 0; }\n' >"$place/alone"
	"$@" -I"$place/usr/include" -Wall -Wextra -Werror -pedantic -fsyntax-only "$place/alone"
}

library() {
	local library=$place/usr/lib/$soname
	check 'the header names functions' test "$(functions | wc -l)" -ge 10
	check 'the shared library shows the functions of the header, nothing else' same "$(functions)" \
		"$(nm -D --defined-only "$library" | awk '$2 == "T" {sub(/@.*/, "", $3); print $3}
			$2 != "T" && $2 != "A" {print "not a function:", $3}' | sort)"
	check 'its version script has the version of the soname' grep -q "^REMIT_${version%.*} {" \
		src/library/exports
	check 'soname' same "$soname" "$(readelf -d "$library" | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p')"
	check 'it needs the libraries that pkg-config names, and the C library' \
		same "$(needed_libraries | sort -u | xargs)" \
		"$(readelf -d "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -v '^ld-' | sort | xargs)"
	check 'its text is shared' test -z "$(readelf -d "$library" | grep TEXTREL)"
	check 'its stack is not executable' grep -qE 'GNU_STACK.* RW ' <(readelf -lW "$library")
	check 'the header stands alone in C99' header_alone cc -std=c99 -x c
	check 'the header stands alone in C17' header_alone cc -std=c17 -x c
	check 'the header stands alone in C++' header_alone c++ -std=c++17 -x c++
}

package_config() {
	check 'pkg-config knows the version' same "$version" "$(pkg-config --modversion remit)"
	check 'pkg-config finds nothing wrong' pkg-config --validate remit
	check 'pkg-config --libs' same "-L$place/usr/lib -lremit" "$(pkg-config --libs remit | xargs)"
	check 'pkg-config --static --libs' same "-L$place/usr/lib -lremit $(sed -n 's/^LIBS *:= *//p' Makefile)" \
		"$(pkg-config --static --libs remit | xargs)"
	check 'pkg-config --cflags' same "-I$place/usr/include" "$(pkg-config --cflags remit | xargs)"
}

# --- the manuals

manual() { # FILE
	check "$1: mandoc" mandoc -Tlint -Wwarning "$1"
	check "$1: groff" same '' "$(groff -ww -man -Tutf8 "$1" 2>&1 >/dev/null)"
	check "$1: the version" grep -q "^\.TH .*\"remit $version\"" "$1"
	if command -v man >/dev/null; then
		check "$1: man" same '' "$(MANWIDTH=80 man --warnings -l "$1" 2>&1 >/dev/null)"
	fi
}

# named FILE WORD...: every word stands in the manual.
named() {
	local text word missing=''
	text=$(mandoc -Tascii "$1" | col -b | tr -s ' \n' ' ')
	shift
	[ $# -gt 0 ] || echo 'nothing to look for'
	for word; do
		[[ $text == *"$word"* ]] || missing+=" $word"
	done
	echo "missing:$missing"
	[ -z "$missing" ] && [ $# -gt 0 ]
}

example() { # KIND: the example in the manual of policies
	awk -v mark=".\\\\\" $1" '$0 == mark {seen = 1} seen && /^\.nf/ {inside = 1; next}
		/^\.fi/ {seen = inside = 0} inside' docs/remit-policy.5
}

manuals() {
	local file
	for file in docs/*.[1-9]; do
		manual "$file"
	done
	# shellcheck disable=SC2046 # words
	{
		check 'remit(1) has every option' named docs/remit.1 $("$build/remit" --print-options |
			awk -F'\t' '$1 == "option" && $4 != "help" {print "--" $4}' | sort -u)
		check 'remit(1) has every command' named docs/remit.1 $("$build/remit" --print-options |
			awk -F'\t' '$1 == "command" && $2 ~ /^[a-z]/ {print $2}')
		check 'libremit(3) has every function' named docs/libremit.3 $(functions)
		check 'libremit(3) has every constant' named docs/libremit.3 \
			$(grep -oE '\bREMIT_[A-Z_]+\b' include/remit.h | grep -vE '^REMIT_H$' | sort -u)
		check 'libremit(3) has every field' named docs/libremit.3 \
			$(fields | cut -d' ' -f1)
		check 'remit-policy(5) has every key' named docs/remit-policy.5 \
			$(grep -oE '\.name = "[a-z]+"' src/policy/grammar.c | cut -d'"' -f2 | sort -u)
		check 'remit-policy(5) has every mode and limit' named docs/remit-policy.5 \
			$("$build/remit" --print-options | awk -F'\t' '$1 == "value" &&
				($2 == "mode" || $2 == "limit") {sub("=", "", $3); print $3}')
	}
	example policy >"$place/policy.yaml"
	example ceiling >"$place/ceiling.yaml"
	check 'the example of a policy is one' "$build/remit" explain -w "$place" -p "$place/policy.yaml" \
		docs/examples/reviewer.md
	check 'the example of a ceiling is one' "$build/remit" explain -w "$place" \
		-C "$place/ceiling.yaml" docs/examples/reviewer.md
	check 'a policy is no ceiling' grep -q 'has no place in a ceiling' <("$build/remit" explain \
		-w "$place" -C "$place/policy.yaml" docs/examples/reviewer.md 2>&1)
}

# --- the examples

# "NAME OFFSET" of struct remit_options, as the header has it; last its size.
fields() {
	local names
	names=$(sed -n '/^struct remit_options {/,/^};/{s|/\*.*||;s/^\t.*[ *]\([a-z_]*\);.*/\1/p}' include/remit.h)
	{
		printf '#include <remit.h>\n#include <stddef.h>\n#include <stdio.h>\nint main(void)\n{\n'
		for name in $names; do
			printf 'printf("%s %%zu\\n", offsetof(struct remit_options, %s));\n' "$name" "$name"
		done
		printf 'printf("size %%zu\\n", sizeof(struct remit_options));\n}\n'
	} >"$place/fields.c"
	cc -Iinclude -o "$place/fields" "$place/fields.c" && "$place/fields"
}

python_fields() {
	python3 - "$examples" <<-'CODE'
	import ctypes, sys
	sys.dont_write_bytecode = True
	sys.path.insert(0, sys.argv[1])
	from confine import Options
	for field in Options._fields_:
	    print(field[0], getattr(Options, field[0]).offset)
	print("size", ctypes.sizeof(Options))
	CODE
}

build_examples() {
	local warnings='-std=c17 -Wall -Wextra -Werror'
	# shellcheck disable=SC2046,SC2086 # words
	{
		check 'the C example builds with the shared library' \
			cc $warnings "$examples/confine.c" $(pkg-config --cflags --libs remit) -o "$place/confine-shared"
		check 'the C example builds static' cc $warnings -static "$examples/confine.c" \
			$(pkg-config --static --cflags --libs remit) -o "$place/confine-static"
	}
	check 'the one needs libremit' grep -q "$soname" <(readelf -d "$place/confine-shared")
	check 'the other needs nothing' grep -q 'no dynamic section' <(readelf -d "$place/confine-static")
	check 'the Python example has the fields of the header' same "$(fields)" "$(python_fields)"
}

# confine DEFINITION COMMAND EXAMPLE...: the status is that of the example; runs as $user.
confine() {
	local definition=$1 command=$2 run=()
	shift 2
	[ "$user" = "$(id -u)" ] || run=(setpriv --reuid "$user" --regid "$user" --clear-groups)
	(cd "$work" && HOME=$work/home LD_LIBRARY_PATH=$place/usr/lib timeout 60 "${run[@]}" \
		"$@" "$examples/$definition" "$work/project" "$work/project/main.c" \
		sh -c "$command" </dev/null 2>&1)
}

# shows NAME STATUS TEXT...: the output in $said, and the status in $status.
shows() {
	local name=$1 text missing=''
	[ "$status" -eq "$2" ] || missing="status $status"
	shift 2
	for text; do
		[[ $said == *"$text"* ]] || missing+=" '$text' is missing"
	done
	if [ -z "$missing" ]; then
		pass "$name"
	else
		fail "$name" "$missing; output: $(tail -c 900 <<<"$said")"
	fi
}

run_example() { # NAME EXAMPLE...
	local name=$1 command='cat main.c && echo changed > main.c' status said
	shift
	printf 'original\n' >"$work/project/main.c"
	said=$(confine curious.md "$command" "$@")
	status=$?
	shows "$name: a reviewer reads, and does not write" 2 Read 'main.c: deny' 'no tool gives write' \
		original 'cannot create main.c' 'warning: ' Frobnicate 'status 2'
	check "$name: the file is as it was" same original "$(cat "$work/project/main.c")"
	said=$(confine backend-engineer.md "$command" "$@")
	status=$?
	shows "$name: an engineer writes" 0 Write 'main.c: allow' original 'status 0'
	check "$name: the file is changed" same changed "$(cat "$work/project/main.c")"
	said=$(confine nobody.md true "$@")
	status=$?
	shows "$name: an error is told" 125 nobody.md
	said=$(confine backend-engineer.md 'exit 7' "$@")
	status=$?
	shows "$name: the status is the command's" 7 'status 7'
}

run_examples() {
	local user work
	# With a name that remit has something to say about.
	sed 's/^tools: .*/&, Frobnicate/' "$examples/reviewer.md" >"$examples/curious.md"
	for user in $(id -u) $([ "$(id -u)" -ne 0 ] || echo "$ordinary_user"); do
		work=$place/work-$user
		mkdir -p "$work/home" "$work/project"
		printf 'original\n' >"$work/project/main.c"
		[ "$user" = "$(id -u)" ] || chown -R "$user:$user" "$work"
		run_example "shared, user $user" "$place/confine-shared"
		run_example "static, user $user" "$place/confine-static"
		run_example "Python, user $user" python3 "$examples/confine.py"
	done
}

install_and_uninstall
odd_places
stays_inside
check 'make install below a prefix' install_into '' PREFIX="$place/usr"
export PKG_CONFIG_PATH=$place/usr/lib/pkgconfig
examples=$place/usr/share/doc/remit/examples
library
package_config
manuals
build_examples
run_examples
report_close
