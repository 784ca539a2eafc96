#!/usr/bin/env python3
"""A person at a terminal with `remit run --approve tty`: session.py REMIT AGENT

The current folder is the workspace, and is emptied. Each case writes into it, from inside, and looks at
what came of it. The closing line is "N passed, N failed, N skipped".
"""

import contextlib
import os
import re
import shutil
import signal
import sys
import tempfile
import time

from at_terminal import PATIENCE, Terminal, cases_passed, require
from scenes import Scenes, terminate, terminate_while_asked

REMIT, AGENT = (os.path.abspath(path) for path in sys.argv[1:3])
WORK = os.getcwd()
# `try NAME` writes a file, and says what came of it.
TRY = 'try() { if (echo x > "$1") 2>/dev/null; then echo "$1:permitted"; else echo "$1:refused"; fi; }; '


def run_words(*options, quiet=True):
    return [REMIT, "run", *(["-q"] if quiet else []), "-w", WORK, "-a", AGENT, *options]


def start(script, *options, way="tty"):
    for name in os.listdir(WORK):
        path = os.path.join(WORK, name)
        shutil.rmtree(path) if os.path.isdir(path) and not os.path.islink(path) else os.unlink(path)
    approve = ["--approve", way] if way else []
    return Terminal([*run_words(*approve, *options), "--", "sh", "-c", TRY + script])


SCENES = Scenes(start, "try a", "a:permitted", "a:refused")


def written():
    return sorted(os.path.relpath(os.path.join(folder, name), WORK) for folder, _, names in os.walk(WORK) for name in names)


def answers(script, keys, files, *options):
    """Each key answers one question; there is none more. `files` is what was written."""

    def case():
        with start(script + "; echo ov''er", *options) as run:
            for key in keys:
                run.asked()
                run.answer(key)
            run.expect("over")
            run.finish()
            require(run.screen.count(b" remit asks ") == len(keys), "another question was shown")
            require(written() == sorted(files), f"written: {written()}")

    return case


FIVE = "try a; mkdir -p d 2>/dev/null; try d/b; try .envrc; try c"


def without_asking(way, files, *options):
    def case():
        with start(FIVE + "; echo ov''er", *options, way=way) as run:
            run.expect("over")
            run.finish()
            require(b"remit asks" not in run.screen, "something was asked")
            require(written() == sorted(files), f"written: {written()}")

    return case


def by_default():
    """Where a person is at the terminal, and the policy asks, it is `tty`."""
    with start("try a", way=None) as run:
        run.asked()
        run.answer("y")
        run.expect("a:permitted")
        run.finish()


def nothing_in_time():
    with start("try a", "--approve-timeout", "1") as run:
        run.asked()
        run.expect("a:refused")
        run.finish()
        require(written() == [], "it was written")


def hang_up():
    with start("trap '' HUP; try a; try b; sleep 60") as run:
        run.asked()
        os.close(run.terminal)
        end = time.monotonic() + PATIENCE
        while os.waitpid(run.pid, os.WNOHANG)[0] == 0:
            if time.monotonic() > end - PATIENCE + 3:
                os.kill(run.pid, signal.SIGTERM)
            require(time.monotonic() < end, "it did not end")
            time.sleep(0.05)
        run.status = 0
        require(written() == [], f"written after the terminal was closed: {written()}")


def cannot_answer():
    """Everything that a tool can do with a terminal while a question is shown, and before."""
    with start("(while :; do printf 'y'; sleep 0.05; done >/dev/tty 2>&1) & (cat </dev/tty >/tmp/stolen 2>&1) & "
               "sleep 0.3; printf 'yyyy\\n' >/dev/tty; try a; sleep 0.5; wc -c </tmp/stolen; kill $(jobs -p); echo ov''er") as run:
        text = run.asked()
        run.quiet("permitted", 1.5)
        require(b"yy" not in run.screen[len(text) + run.screen.index(text):], "the tool's output was shown beside a question")
        run.answer("n")
        run.expect("a:refused")
        run.expect(r"\r\ny*0\r\n")
        run.expect("over")
        require(written() == [], "it was written")
        run.finish()


def false_question_writes_nothing():
    SCENES.false_question()
    require(written() == [], "it was written")


def many_at_once():
    """A build of many processes: the first answer speaks for all."""
    with start("for i in $(seq 40); do (echo x > f$i) & done; wait; ls | wc -l; echo ov''er") as run:
        run.asked()
        run.answer("a")
        run.expect(r"(?<!\d)40\r\n")
        run.expect("over")
        run.finish()
        require(len(written()) == 40, f"{len(written())} files")


def kill_inside(run):
    run.asked()
    # The first process of the sandbox and the watch, whichever the run hears of first.
    with open(f"/proc/{run.pid}/task/{run.pid}/children", encoding="ascii") as file:
        for child in file.read().split():
            with contextlib.suppress(ProcessLookupError):  # it may have ended with the other
                os.kill(int(child), signal.SIGKILL)


def in_background():
    """Stopped while it runs, continued in the background: nothing is asked before it is back."""
    words = " ".join(f"'{word}'" for word in run_words("--approve", "tty"))
    for name in os.listdir(WORK):
        os.unlink(os.path.join(WORK, name))
    with Terminal(["bash", "--norc", "--noprofile", "--noediting", "-i"]) as run:
        run.type("PS1='rea''dy> '\n")
        run.expect("ready> ")
        run.type(f"{words} -- sh -c 'echo beg''in; while [ ! -e go ]; do sleep 0.05; done; echo x > a; echo sta''tus=$?'\n")
        run.expect("begin")
        run.quiet("impossible", 0.2)
        run.type("\032")
        run.expect("Stopped")
        run.expect("ready> ")
        run.type("bg\n")
        run.expect("ready> ")
        with open("go", "wb"):
            pass
        run.quiet("remit asks", 2.5)
        run.type("echo sh''ell\n")
        run.expect("shell")
        run.type("fg\n")
        run.asked()
        run.answer("y")
        run.expect("status=0")
        run.expect("ready> ")
        # The shell has its terminal back.
        run.type("stty -a | grep -c ' icanon'\n")
        run.expect(r"\r\n1\r\n")
        run.type("exit 0\n")
        run.finish()
        require(written() == ["a", "go"], f"written: {written()}")


def stops_itself():
    """A tool that stops itself does not stop who keeps its time."""
    with start("echo ready; (sleep 60; try a) & kill -STOP $$", "--timeout", "2") as run:
        run.expect("ready")
        run.finish(124)


def remembers():
    kept = os.path.join(tempfile.mkdtemp(prefix="remit-kept.", dir="/var/tmp"), "kept.yaml")
    try:
        answers("try a; try b", "yn", ["a"], "--remember", kept)()
        # Passed back, the first is not asked about any more; a protected path still is.
        answers("try a; try .envrc", "y", [".envrc", "a"], "-p", kept, "--remember", kept)()
        answers("try a; try .envrc; try b", "n", [".envrc", "a"], "-p", kept)()
    finally:
        shutil.rmtree(os.path.dirname(kept))


def recorded():
    log = os.path.join(tempfile.mkdtemp(prefix="remit-log.", dir="/var/tmp"), "log")
    try:
        answers("try a; try b", "yn", ["a"], "--audit", log)()
        with open(log, encoding="utf-8") as file:
            lines = [line for line in file if '"record":"answer"' in line]
        require(len(lines) == 2 and '"answer":"once"' in lines[0] and '"answer":"no"' in lines[1] and
                all('"by":"tty"' in line for line in lines), f"answers in the log: {lines}")
        took = [int(re.search(r'"microseconds":(\d+)', line).group(1)) for line in lines]
        require(all(500000 < time_taken < 20000000 for time_taken in took), f"they took {took}")
    finally:
        shutil.rmtree(os.path.dirname(log))


ALL = ["a", "d/b", ".envrc", "c"]
CASES = [
    ("each once", answers(FIVE, "yyyyy", ALL)),
    ("each no", answers(FIVE, "nnnn", [])),
    ("Ctrl-C is no, and ends nothing", answers("try a; try b", "\003y", ["b"])),
    ("the folder, and a protected path apart", answers(FIVE, "fn", ["a", "d/b", "c"])),
    ("a folder below, not the one above", answers("mkdir d; try d/a; try d/b; try c", "yfn", ["d/a", "d/b"])),
    ("all writing, and a protected path apart", answers(FIVE, "ay", ALL)),
    ("all writing, and the protected path not", answers(FIVE, "an", ["a", "d/b", "c"])),
    ("no to all", answers(FIVE, "q", [])),
    ("no is remembered for the same path", answers("try a; try a; try a", "n", [])),
    ("once is asked again", answers("try a; try a", "yn", ["a"])),
    ("accepting edits, only what is protected is asked", answers(FIVE, "y", ALL, "--mode", "acceptEdits")),
    ("and may be refused", answers(FIVE, "n", ["a", "d/b", "c"], "--mode", "acceptEdits")),
    ("plan: nothing is asked, nothing written", without_asking("tty", [], "--mode", "plan")),
    ("--approve allow: all but what is protected", without_asking("allow", ["a", "d/b", "c"])),
    ("--approve deny", without_asking("deny", [])),
    ("without --approve, a person at the terminal is asked", by_default),
    ("no answer in time is no", nothing_in_time),
    ("a terminal that is closed is no", hang_up),
    ("the tool can neither answer nor read what is typed", cannot_answer),
    ("a question that the tool draws is none", false_question_writes_nothing),
    ("what was typed before is no answer", SCENES.typed_ahead),
    ("a full-screen program draws itself anew", SCENES.full_screen),
    ("forty at once, one answer", many_at_once),
    ("the terminal is restored at the end", SCENES.restored("echo ready; read -r x; exit 3", lambda run: run.type("\n"), 3)),
    ("the terminal is restored after SIGTERM", SCENES.restored("echo ready; exec sleep 60", terminate, 143)),
    ("the terminal is restored after SIGTERM while asked", SCENES.restored("echo ready; try a; sleep 60", terminate_while_asked, 143)),
    ("the terminal is restored when all other processes of the run are killed", SCENES.restored("echo ready; try a; sleep 60", kill_inside, 137, 125)),
    ("in the background nothing is asked", in_background),
    ("a tool that stops itself is ended in time", stops_itself),
    ("what was permitted is remembered, and passed back", remembers),
    ("answers are recorded: who, what, how long", recorded),
]


if __name__ == "__main__":
    sys.exit(cases_passed(CASES, sys.argv[3:]))
