# shellcheck shell=bash
# A database in WAL mode: its shared memory file, its locks, two writers.
# needs: sqlite3 python3

prepare() { :; }

inside() {
	sqlite3 data.db 'pragma journal_mode=wal; create table t(x);' >/dev/null
	sqlite3 data.db "insert into t values('one');"
	python3 - <<-'TEXT' &
	import sqlite3
	connection = sqlite3.connect("data.db", timeout=20)
	for number in range(50):
	    with connection:
	        connection.execute("insert into t values(?)", (number,))
	TEXT
	for _ in $(seq 10); do
		sqlite3 -cmd '.timeout 20000' data.db "insert into t values('shell');"
	done
	wait $!
	equal 61 "$(sqlite3 data.db 'select count(*) from t;')"
	sqlite3 data.db 'vacuum; pragma integrity_check;' | has ok
}
