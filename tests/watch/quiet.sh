# shellcheck shell=bash
# Everyday work is not denied anything (sourced by tests/watch.sh): no record of class `denied`, and
# one where something was added that is refused.

# Forty files of C, each of which uses the one before.
prepare_build() {
	local file
	for file in $(seq 40); do
		printf '#include <stdio.h>\nint part_%d(int x);\nint part_%d(int x) { return x > 0 ? part_%d(x - 1) : x; }\n' \
			$((file - 1)) "$file" $((file - 1)) >"part_$file.c"
	done
	printf 'int part_40(int x);\nint part_0(int x) { return x; }\nint main(void) { return part_40(3); }\n' >main.c
	# shellcheck disable=SC2016 # make expands
	printf 'program: main.o %s\n\t$(CC) -o $@ $^\n' "$(seq -f 'part_%.0f.o' -s ' ' 40)" >Makefile
}
work_build='make -s -j2 && ./program && make -s -B -j2'

prepare_git() { :; }
work_git='git init -q -b main one && cd one && git config user.name a && git config user.email a@example.org &&
	for i in 1 2 3 4 5; do echo $i >$i && git add . && git commit -qm $i || exit; done &&
	git gc -q && git clone -q . ../two && git -C ../two log --oneline && git branch other &&
	git checkout -q other && git status'

prepare_python() {
	mkdir package
	echo 'def double(x): return 2 * x' >package/__init__.py
	printf 'import unittest, tempfile, subprocess, sys\nimport package\n\nclass T(unittest.TestCase):\n' >test_package.py
	printf '    def test_double(self): self.assertEqual(package.double(2), 4)\n' >>test_package.py
	printf '    def test_file(self):\n        with tempfile.NamedTemporaryFile() as f: f.write(b"x")\n' >>test_package.py
	printf '    def test_child(self): subprocess.run([sys.executable, "-c", "pass"], check=True)\n' >>test_package.py
}
work_python='/usr/bin/python3 -m venv --without-pip environment && ./environment/bin/python -m unittest -q'

prepare_npm() {
	mkdir dependency
	echo '{"name": "dependency", "version": "1.0.0", "main": "index.js"}' >dependency/package.json
	echo 'module.exports = 42' >dependency/index.js
	echo '{"name": "package", "version": "1.0.0", "dependencies": {"dependency": "file:dependency"}}' >package.json
}
work_npm='npm install --offline --no-audit --no-fund && npm ci --offline --no-audit --no-fund &&
	node -e "process.exit(require(\"dependency\") === 42 ? 0 : 1)"'

# denials LOG: how many, and the first few of them
denials() {
	jq -rs 'map(select(.class == "denied")) | "\(map(.count) | add // 0) \(map(.op + " " + .target + " (" + .comm + ")")[:4] | join(", "))"' "$1"
}

# quiet NAME PROGRAM: the work as it is, and with one refused write
quiet() {
	local name=$1 program=$2 place=$base/quiet-$1 log=$base/quiet-$1.log work=work_$1 status=0 found
	if ! command -v "$program" >/dev/null; then
		skip "$name is denied nothing ($who)" "without $program"
		return
	fi
	mkdir "$place"
	(cd "$place" && "prepare_$name")
	(cd "$place" && "${run[@]:0:4}" -w "$place" --audit "$log" -- \
		sh -c "(${!work}) && (echo x >/etc/remit-quiet; true) 2>/dev/null") >"$base/output" 2>&1 || status=$?
	found=$(denials "$log")
	if [ $status -ne 0 ]; then
		fail "$name works ($who)" "status $status: $(tail -n 5 "$base/output" | tr '\n' '|')"
	elif [ "$found" = '1 open /etc/remit-quiet (sh)' ]; then
		pass "$name is denied nothing but one write that was added ($who)"
	else
		fail "$name is denied nothing but one write that was added ($who)" "$found"
	fi
}

part_quiet() {
	quiet build make
	quiet git git
	quiet python python3
	quiet npm npm
}
