# shellcheck shell=bash disable=SC2016,SC2154 # a part of attacks.sh, whose variables it uses
#
# Submodules: where their work trees are, git is told by files that a tool may write.

# Where the work tree of a submodule is, git takes from the submodule's git folder.
submodules() {
	local file='git -c protocol.file.allow=always'
	fresh "$user"
	if ! as_user sh -c ': <>/dev/fuse' 2>/dev/null; then
		skip "submodules (uid $user)" '/dev/fuse cannot be opened'
		return
	fi
	status 'control: submodules' 0 run writer -- sh -ec "git init -q library
		git -C library -c user.name=x -c user.email=x@x commit -q --allow-empty -m 1
		git init -q whole; cd whole
		$file submodule -q add \$PWD/../library part
		$file submodule -q add \$PWD/../library deep/part
		git submodule -q deinit -f part; $file submodule -q update --init
		git mv part moved; git mv moved part"
	status 'a link for the work tree of a submodule' 1 run writer -- \
		sh -c 'cd whole && rm -rf part && ! [ -e part ] && ln -s "$HOME" part'
	status 'a link that is moved there' 1 run writer -- sh -c 'cd whole && ln -s "$HOME" l && mv -T l part'
	status 'a second name of a link' 1 run writer -- sh -c 'cd whole && ln -P l part'
	status 'control: a second name elsewhere' 0 run writer -- sh -c 'cd whole && ln -P l m'
	local exchange='require "syscall.ph"; my ($a, $b) = @ARGV;
		exit(syscall(SYS_renameat2(), -100, $a, -100, $b, 2) == 0 ? 0 : 1)'
	status 'a link that is exchanged with one' 1 run writer -- \
		sh -c 'cd whole && mkdir part && perl -e "$1" l part' sh "$exchange"
	status 'control: exchanged elsewhere' 0 run writer -- \
		sh -c 'cd whole && rmdir part && mkdir n && perl -e "$1" l n' sh "$exchange"
	status 'a link above one' 1 run writer -- sh -c 'cd whole && rm -rf deep && ln -s "$HOME" deep'
	status 'a folder with such a link' 1 run writer -- \
		sh -c 'cd whole && mkdir d && ln -s "$HOME" d/part && mv -T d deep'
	status 'control: links, and folders with links, elsewhere' 0 run writer -- \
		sh -c 'cd whole && ln -s "$HOME" other && mv d deeper && mkdir part && rmdir part'
	run writer -- sh -c 'cd whole && mkdir part q && echo "gitdir: ../.git/modules/part" >q/.git; true' >/dev/null
	hides 'another folder for the git folder of a submodule' modules as_user cat whole/q/.git
	status 'control: its own' 0 run writer -- \
		sh -c 'cd whole && echo "gitdir: ../.git/modules/part" >part/.git && git -C part checkout -q -f'
	shows 'control: its own, from outside' modules as_user cat whole/part/.git
	status 'the git folder of a submodule, at another depth' 1 run writer -- mv whole/.git/modules/part p
	status 'all of them' 1 run writer -- mv whole/.git/modules p
	status 'the git folder that holds them' 1 run writer -- mv -T whole/.git t
	status 'the same, where nobody can look whether it does' 1 run writer -- sh -c 'chmod 200 whole/.git && mv -T whole/.git t'
	status 'control: one that holds none' 0 run writer -- \
		sh -c 'chmod 755 whole/.git && git init -q plain && mv -T plain/.git t'
	status 'a work tree through a link' 4 run writer -- \
		sh -c 'cd whole && git config -f .git/modules/part/config core.worktree ../../../other'
	status 'control: the repository as a whole' 0 run writer -- \
		sh -c 'mkdir a && mv whole a/ && git -C a/whole status -s && mv a/whole .'
	status 'a git folder of a submodule without its parts, at another depth' 1 run writer -- \
		sh -c 'rm -rf whole/.git/modules/part/refs && ! [ -e whole/.git/modules/part/refs ] && mv whole/.git/modules/part p'
	status 'a work tree that is named meanwhile' 1 run writer -- \
		sh -c 'cd whole/.git/modules/part && git config -f config core.worktree ../../../../.. && mkdir refs'
	status 'control: parts that come back to a configuration without' 0 run writer -- \
		sh -c 'cd whole/.git/modules/part && git config -f config --unset core.worktree && mkdir refs'
	submodules_within
	submodules_of_tree
	submodules_of_start
}

# A linked work tree has submodules of its own: where they are is said in its own git folder.
submodules_of_tree() {
	fresh "$user"
	as_user sh -ec 'cd "$1"
		git="git -c protocol.file.allow=always -c user.name=x -c user.email=x@x"
		for name in small whole; do
			git init -q $name
			$git -C $name commit -q --allow-empty -m 1
		done
		$git -C whole submodule -q add "$1/small" part
		$git -C whole commit -q -m 2
		$git -C whole worktree add -q ../tree
		$git -C tree submodule -q update --init' sh "$project" 2>/dev/null
	status 'a link for the work tree of a submodule of a linked work tree' 1 run writer -- \
		sh -c 'cd tree && rm -rf part && ! [ -e part ] && ln -s "$HOME" part'
	status 'the same, where nobody can read the pointer' 1 run writer -- \
		sh -c 'cd tree && chmod 0 .git && ln -s "$HOME" part'
	status 'control: elsewhere' 0 run writer -- sh -c 'cd tree && chmod 644 .git && ln -s "$HOME" other'
}

# What git keeps of submodules that were there at the start stays.
submodules_of_start() {
	fresh "$user"
	as_user sh -ec 'cd "$1"
		git="git -c protocol.file.allow=always -c user.name=x -c user.email=x@x"
		git init -q "$HOME/out/small"
		$git -C "$HOME/out/small" commit -q --allow-empty -m 1
		git init -q
		$git submodule -q add "$HOME/out/small" part' sh "$project" 2>/dev/null
	status 'the configuration of a submodule of the start, removed' 1 run writer -- \
		sh -c 'for i in $(seq 40); do mkdir -p d$i && mv d$i e$i && rmdir e$i; ! rm -f .git/modules/part/config || exit 0; done; exit 1'
	status 'its mode' 1 run writer -- sh -c 'for i in $(seq 40); do ! chmod 600 .git/modules/part/config || exit 0; done; exit 1'
	status 'control: what git keeps beside it' 0 run writer -- sh -c 'rm -f .git/modules/part/index && chmod 600 .git/modules/part/packed-refs || ! [ -e .git/modules/part/packed-refs ]'
}

# The workspace is a submodule, and has one: their git folders are in the repository around.
submodules_within() {
	fresh "$user"
	as_user sh -ec 'cd "$HOME/out"
		git="git -c protocol.file.allow=always -c user.name=x -c user.email=x@x"
		for name in small middle whole; do
			git init -q $name
			$git -C $name commit -q --allow-empty -m 1
		done
		$git -C middle submodule -q add "$HOME/out/small" part
		$git -C middle commit -q -m 2
		$git -C whole submodule -q add "$HOME/out/middle" middle
		$git -C whole submodule -q update --init --recursive'
	project=$home/out/whole/middle
	status 'a link for the work tree of a submodule of a submodule' 1 run writer -- \
		sh -c 'rm -rf part && ! [ -e part ] && ln -s "$HOME" part'
	status 'control: elsewhere' 0 run writer -- ln -s "$HOME" other
}
