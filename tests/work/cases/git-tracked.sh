# shellcheck shell=bash
# A repository that tracks protected names: git goes on as long as it does not change them.
# needs: git

prepare() {
	git init -q -b main .
	git config user.name tester
	git config user.email tester@example.invalid
	mkdir .vscode .claude
	echo '{}' >.vscode/settings.json
	echo '{}' >.claude/settings.json
	echo '{}' >.mcp.json
	echo one >file
	echo /case.sh >>.git/info/exclude
	git add .vscode .claude .mcp.json file
	git commit -q -m first
	git branch editor
	git checkout -q editor
	echo '{"a":1}' >.vscode/settings.json
	git commit -q -a -m settings
	git checkout -q main
}

inside() {
	git checkout -q -b topic
	echo two >>file
	git stash -q
	git stash pop -q
	git commit -q -a -m second
	git checkout -q main
	git clone -q . upstream
	git -C upstream config user.name tester
	git -C upstream config user.email tester@example.invalid
	test -f upstream/.vscode/settings.json
	echo three >upstream/more
	git -C upstream add more
	git -C upstream commit -q -m third
	git pull -q ./upstream main
	test -f more
	git rebase -q main topic
	git checkout -q main
	git merge -q topic
	git fsck --no-progress
	# git says so and goes on with the other files.
	git checkout -q editor || true
	if [ "$1" = control ]; then
		equal '{"a":1}' "$(cat .vscode/settings.json)"
	else
		equal '{}' "$(cat .vscode/settings.json)"
	fi
}
