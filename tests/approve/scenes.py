"""What holds of a question however it comes about: for person.py and session.py.

A scene is made for one way of asking: `start(script, ...)` starts a run, `ask` is the shell's command
that asks once, and `yes` and `no` are what appears when it was permitted and when it was refused.
"""

import os
import signal
import sys
import termios
import time

from at_terminal import counts_within, require


class Scenes:
    def __init__(self, start, ask, yes, no):
        self.start, self.ask, self.yes, self.no = start, ask, yes, no

    def false_question(self):
        """The tool draws a question: what is typed is its own, and the real one still waits."""
        with self.start('printf "\\033[?1049h\\033[2J\\033[H\\033[7m remit asks \\033[0m\\r\\n\\r\\n[y] yes\\r\\nanswer: ";'
                        'stty raw -echo; key=$(dd bs=1 count=1 2>/dev/null); stty sane; printf "\\033[?1049l";'
                        f'echo "key:$key"; {self.ask}; echo over') as run:
            run.asked()
            run.answer("y")
            run.expect("key:y")
            run.asked()
            run.quiet(f"{self.yes}|{self.no}", 1)
            run.answer("n")
            run.expect(self.no)
            run.finish()

    def typed_ahead(self):
        """What was typed before the question is the tool's; what is typed just then is nobody's."""
        with self.start(f'echo re""ady; read -r line; {self.ask}; read -r rest; echo "<$line|$rest>"') as run:
            run.expect("ready")
            begin = time.monotonic()
            run.type("yyy\n")
            run.asked()
            run.type("y")
            with counts_within(0.3, begin):
                run.quiet(f"{self.yes}|{self.no}", 1)
            run.answer("n")
            run.expect(self.no)
            run.type("later\n")
            run.expect("<yyy\\|later>")
            run.finish()

    def full_screen(self):
        """A program that has the whole screen draws it anew after a question."""
        with self.start(f'out=$(mktemp); (sleep 1; {self.ask} >"$out") & seq 5000 | less; cat "$out"; rm "$out"; wait') as run:
            run.expect(r"\x1b\[\?1049h")
            run.expect("\r\n22")
            run.asked()
            before = run.seen
            run.answer("y")
            run.expect("\n20\r?\n")
            require(b"\x1b[?1049l" not in run.screen[before:], "the program's own screen was left")
            run.type("G")
            run.expect("5000")
            run.type("q")
            run.expect(r"\x1b\[\?1049l")
            run.expect(self.yes)
            run.finish()

    def restored(self, script, act, *statuses):
        """The terminal is as it was before, however the run ends."""

        def case():
            with self.start(script) as run:
                before = termios.tcgetattr(run.terminal)
                run.expect("ready")
                run.quiet("impossible", 0.3)
                require(termios.tcgetattr(run.terminal)[3] & termios.ICANON == 0, "the terminal is not ours while it runs")
                act(run)
                got = run.wait()
                require(got in statuses, f"status {got} instead of {statuses}")
                require(termios.tcgetattr(run.terminal)[:4] == before[:4], "the settings differ afterwards")

        return case


def terminate(run):
    os.kill(run.pid, signal.SIGTERM)


def terminate_while_asked(run):
    run.asked()
    terminate(run)


if __name__ == "__main__":
    sys.exit("a module of person.py and session.py")
