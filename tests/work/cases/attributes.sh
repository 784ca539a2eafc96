# shellcheck shell=bash
# Extended attributes and access lists on files of the workspace, where the file system has them.
# needs: setfattr getfattr setfacl getfacl

prepare() { :; }

inside() {
	touch file
	setfattr -n user.sample -v text file
	getfattr -n user.sample file | has text
	cp -a file copy
	getfattr -n user.sample copy | has text
	setfattr -x user.sample file
	setfacl -m u::rw,g::r,o::- file
	getfacl -c file | has '^other::---'
}
