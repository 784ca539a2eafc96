# shellcheck shell=bash disable=SC2016 # for the shell that is typed to
# A tmux server with its socket in /tmp, a session, typed keys and a captured screen.
# needs: tmux

prepare() { :; }

inside() {
	tmux -L work -f /dev/null new-session -d -x 80 -y 24 'bash --norc'
	tmux -L work send-keys 'echo typed > typed; echo visible-$((40 + 2))' Enter
	until_true 20 test -s typed
	until_true 20 bash -c 'tmux -L work capture-pane -p | grep visible-42 >/dev/null'
	tmux -L work kill-server
}
