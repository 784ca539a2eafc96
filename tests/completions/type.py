#!/usr/bin/env python3
"""Types lines into a real bash or zsh and has it insert every completion: type.py SHELL SETUP

Reads lines from standard input, prints each as it stands after the shell inserted all candidates
for its last word (bash: insert-completions; zsh: _all_matches). SETUP is shell code that makes
completion ready. The shell runs on a terminal of its own; the edited line comes back through a
file, not from the screen.
"""

import os
import pty
import select
import sys
import tempfile
import time

KEYS = {
    "bash": r"""
PS1= PS2= HISTFILE=
bind 'set bell-style none'; bind 'set completion-query-items 0'; bind 'set page-completions off'
bind '"\C-xa": insert-completions'
_hand_over() { printf '%s' "$READLINE_LINE" >"$RESULT.part"; mv "$RESULT.part" "$RESULT"; }
bind -x '"\C-xp": _hand_over'
""",
    "zsh": r"""
PS1= PS2= HISTFILE=
setopt no_beep no_prompt_sp no_prompt_cr
bindkey -e
zstyle ':completion:all-matches:*' completer _all_matches _complete
zstyle ':completion:all-matches:*' insert yes
zle -C all-matches complete-word _generic
bindkey '^Xa' all-matches
_hand_over() { printf '%s' "$BUFFER" >"$RESULT.part"; command mv "$RESULT.part" "$RESULT"; }
zle -N _hand_over
bindkey '^Xp' _hand_over
""",
}
START = {"bash": ["bash", "--noprofile", "--norc", "-i"], "zsh": ["zsh", "-f", "-i"]}
PATIENCE = 60  # seconds; a machine that is busy is no error


def wait_for(path, terminal):
    """Waits for the file, and reads what the terminal shows, which would fill it up."""
    end = time.monotonic() + PATIENCE
    screen = b""
    while not os.path.exists(path):
        if time.monotonic() > end:
            sys.exit(f"no answer; the terminal shows:\n{screen.decode(errors='replace')}")
        if select.select([terminal], [], [], 0.02)[0]:
            screen += os.read(terminal, 65536)
    with open(path, encoding="utf-8", errors="replace") as file:
        text = file.read()
    os.unlink(path)
    return text


def main():
    shell, setup = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        result = os.path.join(folder, "line")
        script = os.path.join(folder, "setup")
        with open(script, "w", encoding="utf-8") as file:
            file.write(f"RESULT={result}\n{setup}\n{KEYS[shell]}\n: >$RESULT\n")
        child, terminal = pty.fork()
        if child == 0:
            os.environ["TERM"] = "dumb"
            os.execvp(START[shell][0], START[shell])
        os.write(terminal, f". {script}\r".encode())
        wait_for(result, terminal)
        for line in sys.stdin.read().splitlines():
            os.write(terminal, line.encode() + b"\x18a")
            os.write(terminal, b"\x18p")
            print(wait_for(result, terminal), flush=True)
            os.write(terminal, b"\x01\x0b")
        os.write(terminal, b"exit\r")
        os.close(terminal)
        os.waitpid(child, 0)


main()
