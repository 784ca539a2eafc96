# shellcheck shell=bash disable=SC2016,SC2154 # a part of attacks.sh, whose variables it uses
#
# Work trees whose git folder is elsewhere: a file says where, and must not be believed alone.

# other_repository: of the same owner, with a work tree and a submodule that are not the project.
other_repository() {
	other=$home/code/other
	mkdir -p "$other"/.git/{hooks,objects,refs,worktrees/one,modules/part/{objects,refs}}
	echo 'ref: refs/heads/main' | tee "$other"/.git/{,worktrees/one/,modules/part/}HEAD >/dev/null
	printf '[core]\n\tbare = false\n# SETTING\n' >"$other/.git/config"
	printf '[core]\n\tworktree = ../../../part\n# SETTING\n' >"$other/.git/modules/part/config"
	echo ../.. >"$other/.git/worktrees/one/commondir"
	echo "$other-one/.git" >"$other/.git/worktrees/one/gitdir"
	mkdir "$other/part" "$other-one"
	rm -rf "$project/.git"
}

# pointed NAME PATH: a planted `.git` gives nothing of what it names.
pointed() {
	rm -rf "$project/.git"
	echo "gitdir: $2" >"$project/.git"
	chown -hR "$user:$user" "$home"
	hides "$1: reading" SETTING run writer -- \
		sh -c "cat '$other/.git/config' '$other/.git/modules/part/config'"
	status "$1: writing" 1 run writer -- touch "$other/.git/objects/x"
}

# A relative path means something else further up.
pointers_that_move() {
	fresh "$user"
	status 'a folder with a .git that leads out from further up' 1 run writer -- sh -c \
		'mkdir -p a/b/c/t && echo "gitdir: ../../../other/.git" >a/b/c/t/.git && touch z && test -s a/b/c/t/.git || exit 3; mv -T a/b/c/t t'
	status "the same, deeper in it" 1 run writer -- sh -c "mkdir -p a/b/x && mv a/b/c/t a/b/x/ && mv -T a/b/x x"
	status 'control: not further up' 0 run writer -- sh -c 'mkdir -p a/b/y && mv -T a/b/x/t a/b/y/u'
	status 'control: it stays in' 0 run writer -- sh -c \
		'mkdir -p a/t && echo "gitdir: ../other/.git" >a/t/.git && mv -T a/t t'
	status 'control: what cannot be entered' 0 run writer -- sh -c \
		'mkdir -p a/n/m && chmod 0 a/n/m && mv -T a/n n && chmod 700 n/m'
}

# A `.git` that is a file is the word of whoever wrote it.
pointers() {
	pointers_that_move
	fresh "$user"
	other_repository
	pointed 'a .git that names a repository' "$other/.git"
	pointed 'a .git that names the work tree of another folder' "$other/.git/worktrees/one"
	pointed 'a .git that names the submodule of another folder' "$other/.git/modules/part"

	# A folder of one's own that claims to be the other repository's.
	mkdir -p "$project/fake/worktrees/one"
	cp "$other/.git/HEAD" "$project/fake/worktrees/one/"
	echo "$project/.git" >"$project/fake/worktrees/one/gitdir"
	echo "$other/.git" >"$project/fake/worktrees/one/commondir"
	pointed 'a work tree of its own making' "$project/fake/worktrees/one"
	ln -s "$other/.git/worktrees" "$project/fake/linked"
	pointed 'the same, through a link' "$project/fake/linked/one"
	mkdir -p "$project/fake/modules/part"
	ln -s "$other/.git/objects" "$other/.git/refs" "$project/fake/modules/part/"
	cp "$other/.git/HEAD" "$project/fake/modules/part/"
	printf '[core]\n\tworktree = %s\n' "$project" >"$project/fake/modules/part/config"
	pointed 'a submodule of its own making' "$project/fake/modules/part"

	echo "$project/.git" >"$other/.git/worktrees/one/gitdir"
	if [ "$(id -u)" -eq 0 ]; then
		pointed_by_owner 4243
	fi
	rm -rf "$project/.git"
	echo "gitdir: $other/.git/worktrees/one" >"$other/pointer"
	ln -s "$other/pointer" "$project/.git"
	chown -hR "$user:$user" "$home"
	hides 'a .git that is a link to a file' SETTING run writer -- cat "$other/.git/config"

	# The control: it points back.
	rm -rf "$project/.git"
	echo "gitdir: $other/.git/worktrees/one" >"$project/.git"
	chown -hR "$user:$user" "$home"
	shows 'control: a work tree that is known' SETTING run writer -- cat "$other/.git/config"
	status 'control: its objects' 0 run writer -- touch "$other/.git/objects/x"
	status 'control: its own folder' 0 run writer -- touch "$other/.git/worktrees/one/index"
	pointed_back
}

# pointed_by_owner UID: the other repository is somebody else's.
pointed_by_owner() {
	rm -rf "$project/.git"
	echo "gitdir: $other/.git/worktrees/one" >"$project/.git"
	chown -hR "$user:$user" "$home"
	chown -R "$1:$1" "$other"
	hides 'a work tree of another owner' SETTING run writer -- cat "$other/.git/config"
}

# What stays protected in a git folder that is shown.
pointed_back() {
	local name
	for name in config hooks/new worktrees/one/gitdir worktrees/one/commondir worktrees/new \
		modules/part/config modules/new HEAD; do
		status "a work tree's $name" 1 run writer -- \
			sh -c "echo evil >'$other/.git/$name' || exit 1"
	done
	status "a work tree's hooks, made anew" 1 run writer -- mv "$other/.git/hooks" "$other/.git/old"
	status "a work tree's git folder, made anew" 1 run writer -- \
		mv "$other/.git/worktrees/one" "$other/.git/worktrees/two"
	status "a work tree's .git" 1 run writer -- sh -c 'echo gitdir: / >.git || exit 1'
	status "a work tree's .git, removed" 1 run writer -- rm -f .git
	hides 'the main work tree' pointer run writer -- ls -a "$other"
	status 'a reader does not write it' 1 run reader -- touch "$other/.git/objects/y"
}
