#!/usr/bin/env python3
"""A person at a terminal, whom a run asks: person.py PLAY REMIT AGENT

The current folder is the workspace. Each case starts a run on a pseudo-terminal, whose tool asks
(tests/approve/play.c plays the run and its watch), types, and looks at what appears and at what the
tool was answered. The closing line is "N passed, N failed, N skipped".
"""

import os
import re
import subprocess
import sys
import tempfile
import time

from at_terminal import PATIENCE, Terminal, cases_passed, counts_within, require, stopped
from scenes import Scenes, terminate, terminate_while_asked

PLAY, REMIT, AGENT = (os.path.abspath(path) for path in sys.argv[1:4])
WORK = os.getcwd()


def start(script, seconds=60, remember="-", **size):
    return Terminal([PLAY, "run", AGENT, "tty", str(seconds), remember, "sh", "-c", script], {"play": PLAY}, **size)


SCENES = Scenes(start, '"$play" ask /w/f', "once tty", "no tty")


# --- Answers --------------------------------------------------------------------------------------


def one(key, word, target="/w/src/f", options=""):
    def case():
        with start(f'answer=$("$play" ask {options} {target}); echo "got:$answer"') as run:
            run.asked()
            run.answer(key)
            run.expect(f"got:{word} tty")
            run.finish()

    return case


def shows_everything():
    with start('"$play" ask -o rename "$(printf "/w/a\\033[2Jb\\nc\\342\\200\\256d\\377")"') as run:
        text = run.asked()
        for part in (rb"agent +tester\r\n", rb"tool +any of the agent's", rb"program +/usr/bin/tool",
                     rb"process +\d+, tool", rb"wants to +write \(rename\)", rb"because +agent.md:4 mode default",
                     rb"path +/w/a\\x1b\[2Jb\\nc\\u\{202e\}d\\xff\r\n",
                     rb"\[y\] +yes, once\r\n", rb"\[f\] +yes, and to all writing in /w\r\n",
                     rb"\[a\] +yes, and to all other writing", rb"\[n\] +no\r\n", rb"\[q\] +no, and"):
            require(re.search(part, text), f"{part!r} is not shown: {text!r}")
        run.answer("n")
        run.finish(1)


def nothing_in_time():
    with start('"$play" ask /w/f', seconds=1) as run:
        run.asked()
        run.expect("no timeout")
        run.finish(1)


def hang_up():
    with start('trap "" HUP; "$play" ask /w/f >"$OUT"; "$play" ask /w/g >>"$OUT"; mv "$OUT" "$OUT.done"') as run:
        run.asked()
        os.close(run.terminal)
        # The run's own end is that of a session's leader that is hung up; the tool's answers say it.
        end = time.monotonic() + PATIENCE
        while not os.path.exists(run.folder + "/out.done"):
            require(time.monotonic() < end, "the tool did not go on")
            time.sleep(0.05)
        with open(run.folder + "/out.done", encoding="ascii") as file:
            answers = file.read()
        require(answers == "no-all tty\nno-all tty\n", f"answers after the terminal was closed: {answers!r}")


def protected():
    with start('"$play" ask -p /w/.envrc; echo over') as run:
        text = run.asked()
        require(b"protected" in text and b"[a]" not in text and b"[f]" not in text and b"[y]" in text,
                f"of a protected path is shown: {text!r}")
        for key in "af":
            run.answer(key)
            run.quiet("once|folder|effect|no ", 1)
        run.answer("y")
        run.expect("once tty")
        run.finish()


# --- What is no answer ----------------------------------------------------------------------------


def not_alone():
    """Several bytes at once are no answer: a paste, a mouse, what a terminal says by itself."""
    with start('"$play" ask /w/f') as run:
        run.asked()
        for keys in ("yes", "\033[M yy", "\033[200~y\033[201~", "\033]lyes\033\\", "\033[?62;22c", "yy", "z", "\033"):
            run.answer(keys)
            run.quiet("once|folder|effect|no ", 0.4)
        # One key, but something follows at once.
        run.quiet("impossible")
        begin = time.monotonic()
        run.type("y")
        time.sleep(0.03)
        run.type("e")
        with counts_within(0.1, begin):
            run.quiet("once|folder|effect|no ", 0.4)
        run.answer("y")
        run.expect("once tty")
        run.finish()


def held_up():
    """What was typed too early stays so if the run comes to read it late."""
    with start('"$play" ask /w/f') as run:
        run.asked()
        with stopped(run.pid):
            run.type("y")
            time.sleep(0.8)
        run.quiet("once|folder|effect|no ", 0.6)
        run.answer("y")
        run.expect("once tty")
        run.finish()


def output_waits():
    """While a question is shown the tool draws nothing, and may not even leave its own sequences open."""
    with start('printf "\\033]0;title"; (sleep 0.3; echo "over""drawn") & "$play" ask /w/f; wait; echo over') as run:
        text = run.asked()
        require(b"\x18\x1b\\" in text or b"\x18\x1b\\" in run.screen, "an open sequence is not broken off")
        run.quiet("overdrawn", 1.2)
        run.answer("y")
        run.expect("once tty")
        run.expect("overdrawn|over")
        run.finish()
        require(b"overdrawn" in run.screen, "what waited was lost")


def modes_come_back():
    with start('printf "\\033[?1000h\\033[?2004h\\033[?25l\\033[3;9r"; "$play" ask /w/f; echo over') as run:
        run.asked()
        before = run.seen
        run.answer("y")
        run.expect("over")
        left, back = run.screen[:before], run.screen[before:]
        for sequence in (b"\x1b[?1000l", b"\x1b[?2004l", b"\x1b[?25h", b"\x1b[r"):
            require(sequence in left, f"{sequence!r} before the question")
        for sequence in (b"\x1b[?1000h", b"\x1b[?2004h", b"\x1b[?25l", b"\x1b[3;9r", b"\x1b[?1049l"):
            require(sequence in back, f"{sequence!r} after it: {back!r}")
        require(b"\x1b[?1003h" not in back, "a mode that was not set")
        run.finish()


# --- Several --------------------------------------------------------------------------------------


def alike_at_once():
    with start('for i in 1 2 3; do "$play" ask /w/f >>"$OUT" & done; "$play" asked 3; "$play" ask -o rename /w/g >>"$OUT" & wait; cat "$OUT"; echo over') as run:
        run.asked()
        run.quiet("impossible", 1)
        run.answer("y")
        run.asked()
        run.answer("n")
        run.expect("over")
        require(run.screen.count(b"once tty") == 3 and run.screen.count(b"no tty") == 1,
                f"answers: {run.screen[-300:]!r}")
        run.finish()


def several(key, expected):
    """Asked at once: a file, another in its folder, one elsewhere, a protected one, a peer."""
    targets = ("/w/a/1", "/w/a/b/2", "/w/c/3", "-p /w/a/.envrc", "-c example.org:443")
    commands = " ".join(f'("$play" ask {target} >"$OUT.{i}") & "$play" asked {i + 1};' for i, target in enumerate(targets))

    def case():
        with start(commands + "wait; for i in 0 1 2 3 4; do read -r a b <$OUT.$i; printf '%s,' $a; done; echo over") as run:
            run.asked()
            run.quiet("impossible", 1)
            run.answer(key)
            # Those that the first answer does not speak of are asked in turn, and get a no.
            for _ in range(expected.count("no?")):
                run.asked()
                run.answer("n")
            words = ",".join("no" if word == "no?" else word for word in expected)
            run.expect(words + ",over")
            run.finish()

    return case


def queue_is_bounded():
    with start('for i in $(seq 300); do "$play" ask -n /w/$i; done >/dev/null; "$play" ask /w/last; echo over', seconds=60) as run:
        run.expect("no queue")
        run.answer("q")
        run.expect("over")
        run.finish()


# --- The terminal ---------------------------------------------------------------------------------


def long_path():
    """It is shown whole, page by page, and cannot be permitted before."""
    with start('t=$(printf "/w/%4000s/end" "" | tr " " x); "$play" ask "$t"') as run:
        text = run.asked()
        require(b"there is more" in text and b"[y]" not in text, f"the first page: {text[-200:]!r}")
        run.answer("y")
        run.quiet("once|folder|effect|no ", 0.5)
        for _ in range(20):
            run.answer(" ")
            text += run.asked()
            if text.endswith(b"answer: "):
                break
        require(text.count(b"x") >= 4000 and b"/end" in text, "the path is not whole")
        run.answer("y")
        run.expect("once tty")
        run.finish()


def small_window():
    """What does not fit is not shown whole: nothing can be permitted."""
    with start('"$play" ask -p /w/.envrc; "$play" ask /w/f') as run:
        run.asked()
        for rows, columns in (6, 80), (24, 29):
            run.resize(rows, columns)
            run.expect("too small a window: .n.o: ")
            for key in "  y":
                run.answer(key)
            run.quiet("once tty|no tty", 0.5)
        run.resize(24, 80)
        run.asked()
        run.answer("y")
        run.expect("once tty")
        run.asked()
        run.resize(6, 80)
        run.expect("too small a window: .n.o: ")
        run.answer("n")
        run.expect("no tty")
        run.finish(1)


def not_decoded():
    """A terminal that takes every byte for a character obeys those from 80 to 9F."""
    with start('"$play" ask "$(printf "/w/\\304\\2332J\\303\\251")"') as run:
        text = run.asked()
        require(b"\\u{11b}2J\xc3\xa9" in text and not any(0x80 <= byte <= 0x9f for byte in text), f"shown: {text!r}")
        run.answer("y")
        run.expect("once tty")
        run.finish()


def window_changes():
    with start('"$play" ask /w/f; stty size') as run:
        run.asked()
        run.resize(40, 120)
        run.asked()
        run.answer("y")
        run.expect("40 120")
        run.finish()


def remembers():
    kept = os.path.join(tempfile.mkdtemp(prefix="remit-kept.", dir="/var/tmp"), "kept.yaml")
    script = ('"$play" ask "{w}/a*b"; "$play" ask {w}/src/x; "$play" ask -p {w}/.envrc; "$play" ask {w}/no;'
              '"$play" ask -c example.org:443; "$play" ask -o resolve -c "look.example:*"; "$play" ask "$(printf \'{w}/\\377\')"; echo over').format(w=WORK)
    run = start(script, remember=kept)
    try:
        for key, word in (("y", "once"), ("f", "folder"), ("y", "once"), ("n", "no"), ("y", "once"), ("y", "once"), ("y", "once")):
            run.asked()
            run.answer(key)
            run.expect(f"{word} tty")
        run.expect("over")
        run.finish()
        with open(kept, encoding="utf-8") as file:
            text = file.read()
        for line in (f'- "{WORK}/a\\\\*b"', f'- "{WORK}/src"', f'- "{WORK}/.envrc"', '- "example.org:443"'):
            require(line in text, f"{line} is not in it: {text}")
        require("/no" not in text, f"what was refused is in it: {text}")
        require("look.example" not in text, f"a look-up became every port: {text}")
        for target, status in ((f"{WORK}/src/y", 0), (f"{WORK}/a*b", 0), (f"{WORK}/axb", 2), (f"{WORK}/.envrc", 0),
                               (f"{WORK}/no", 2)):
            got = subprocess.run([REMIT, "why", "-p", kept, AGENT, "write", target], capture_output=True, check=False)
            require(got.returncode == status, f"why write {target}: {got.returncode}, {got.stdout} {got.stderr}")
        # Another run adds to it.
        run.close()
        run = start(f'"$play" ask {WORK}/more', remember=kept)
        run.asked()
        run.answer("y")
        run.finish()
        with open(kept, encoding="utf-8") as file:
            again = file.read()
        require(f'- "{WORK}/more"' in again and f'- "{WORK}/src"' in again, f"not added to: {again}")
    finally:
        run.close()
        subprocess.run(["rm", "-rf", os.path.dirname(kept)], check=False)


CASES = [
    ("y is once", one("y", "once")),
    ("f is the folder", one("f", "folder")),
    ("a is all of the effect", one("a", "effect")),
    ("n is no", one("n", "no")),
    ("q is no to all", one("q", "no-all")),
    ("Ctrl-C is no", one("\003", "no")),
    ("a peer: y is once", one("y", "once", "example.org:443", "-c")),
    ("a question shows what there is to know, escaped", shows_everything),
    ("no answer in time is no", nothing_in_time),
    ("a terminal that is closed is no to all", hang_up),
    ("a protected path cannot be permitted along with others", protected),
    ("what was typed before is no answer, nor what is typed at once", SCENES.typed_ahead),
    ("several bytes at once are no answer", not_alone),
    ("what was typed at once is no answer either where it is read late", held_up),
    ("a question that the tool draws is none", SCENES.false_question),
    ("while a question is shown, output waits", output_waits),
    ("modes of the terminal are left, and come back", modes_come_back),
    ("calls that ask for the same get one answer", alike_at_once),
    ("several: once", several("y", ["once", "no?", "no?", "no?", "no?"])),
    ("several: the folder", several("f", ["folder", "once", "no?", "no?", "no?"])),
    ("several: all of the effect", several("a", ["effect", "once", "once", "no?", "no?"])),
    ("several: no", several("n", ["no", "no?", "no?", "no?", "no?"])),
    ("several: no to all", several("q", ["no-all", "no-all", "no-all", "no-all", "no-all"])),
    ("the queue is bounded", queue_is_bounded),
    ("a long path is shown whole before it can be permitted", long_path),
    ("the window changes while a question is shown", window_changes),
    ("a window that is too small permits nothing", small_window),
    ("bytes that some terminals obey are not shown", not_decoded),
    ("a full-screen program draws itself anew", SCENES.full_screen),
    ("the terminal is restored at the end", SCENES.restored('echo ready; read -r x; exit 3', lambda run: run.type("\n"), 3)),
    ("the terminal is restored after SIGTERM", SCENES.restored('echo ready; exec sleep 60', terminate, 143)),
    ("the terminal is restored after SIGTERM while asked",
     SCENES.restored('echo ready; "$play" ask -n /w/f; exec sleep 60', terminate_while_asked, 143)),
    ("what was permitted is remembered, as a policy", remembers),
]


if __name__ == "__main__":
    sys.exit(cases_passed(CASES, sys.argv[4:]))
