#!/usr/bin/env python3
"""A program answers: program.py PLAY REMIT AGENT

The current folder is the workspace. Each case is a program for --approve exec:PROGRAM and what the
tool must be answered (tests/approve/play.c plays the run and its watch). What is unclear is no; each
such case differs in one thing from one that permits. The closing line is
"N passed, N failed, N skipped".
"""

import base64
import json
import os
import subprocess
import sys
import tempfile
import time

PLAY, REMIT, AGENT = (os.path.abspath(path) for path in sys.argv[1:4])
WORK = os.getcwd()
BASE = tempfile.mkdtemp(prefix="remit-program.", dir="/var/tmp")
HEAD = "#!/bin/sh\n"
YES = """printf '{"answer":"once"}'"""
results = {True: 0, False: 0}


def report(good, name, why=""):
    results[good] += 1
    print(f"ok      {name}" if good else f"FAILED  {name}: {why}", flush=True)


def program(text, name="answer"):
    path = os.path.join(BASE, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, 0o755)
    return path


def run(way, script='"$play" ask /w/src/f', seconds=30, remember="-", patience=60, extra=None):
    """What the run printed, and its status."""
    with tempfile.TemporaryDirectory(prefix="remit-program.", dir="/tmp") as folder:
        environment = dict(os.environ, PLAY_SOCKET=os.path.join(folder, "s"), play=PLAY, BASE=BASE, **(extra or {}))
        done = subprocess.run([PLAY, "run", AGENT, way, str(seconds), remember, "sh", "-c", script],
                              env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=patience, check=False)
        return (done.stdout + done.stderr).decode(errors="replace"), done.returncode


# --- One program, one answer ----------------------------------------------------------------------

ANSWERS = [
    ("once", YES, "once"),
    ("folder", """printf '{"answer":"folder"}'""", "folder"),
    ("effect", """printf '{"answer":"effect"}'""", "effect"),
    ("no", """printf '{"answer":"no"}'""", "no"),
    ("no to all", """printf '{"answer":"no-all"}'""", "no-all"),
    ("white space around it", """printf ' \\n{ "answer" :\\t"once" }\\n\\n'""", "once"),
    ("without reading the question", "exec <&-; " + YES, "once"),
    ("in parts", """printf '{"ans'; sleep 0.2; printf 'wer":"once"}'""", "once"),
    ("nothing", "", "no"),
    ("nothing, and a failure", "exit 1", "no"),
    ("another word", """printf '{"answer":"yes"}'""", "no"),
    ("a word in capitals", """printf '{"answer":"Once"}'""", "no"),
    ("a word with a NUL in it", """printf '{"answer":"once\\\\u0000"}'""", "no"),
    ("no text", """printf '{"answer":true}'""", "no"),
    ("another member beside it", """printf '{"answer":"once","if":"x"}'""", "no"),
    ("twice the same member", """printf '{"answer":"once","answer":"once"}'""", "no"),
    ("a list", """printf '["once"]'""", "no"),
    ("a text", """printf '"once"'""", "no"),
    ("plain words", "echo once", "no"),
    ("something behind it", YES + "; echo x", "no"),
    ("two objects", YES + "; " + YES, "no"),
    ("a part of it", """printf '{"answer":"once"'""", "no"),
    ("and exit status 1", YES + "; exit 1", "no"),
    ("and a signal", YES + "; kill -KILL $$", "no"),
    ("more than 64 KiB of white space", YES + "; head -c 70000 /dev/zero | tr '\\0' ' '", "no"),
    ("60 KiB of white space", YES + "; head -c 60000 /dev/zero | tr '\\0' ' '", "once"),
    ("while somebody else may go on writing", YES + "; (sleep 5; echo x) & exit 0", "no"),
]


def answers():
    for name, text, word in ANSWERS:
        path = program(HEAD + text + "\n")
        output, status = run("exec:" + path)
        wanted = f"{word} exec:{path}"[:len(word) + 1 + 63]
        report(output.strip() == wanted and (status == 0) == (word in ("once", "folder", "effect")),
               f"{name} is {word}", f"{output!r}, status {status}")


def not_started():
    """It was there at the start; the script of it is gone when it is asked."""
    path = program("#!/no/such/interpreter\n" + YES)
    output, _ = run("exec:" + path)
    report(output.startswith("no exec:"), "a program that cannot be executed is no", output)


def protected_effect():
    path = program(HEAD + """printf '{"answer":"effect"}'\n""")
    output, _ = run("exec:" + path, '"$play" ask -p /w/.envrc')
    report(output.startswith("no exec:"), "all of the effect never speaks of a protected path", output)
    output, _ = run("exec:" + program(HEAD + YES), '"$play" ask -p /w/.envrc')
    report(output.startswith("once exec:"), "by name a protected path can be permitted", output)


def in_time():
    path = program(HEAD + "sleep 30 & sleep 30; " + YES)
    begin = time.monotonic()
    output, _ = run("exec:" + path, seconds=1)
    took = time.monotonic() - begin
    report(output.strip() == "no timeout" and took < 10, "no answer in time is no", f"{output!r} after {took} s")


def nothing_is_left():
    """A program that runs when the run ends is ended, with what it started."""
    marker = f"remit-left-{os.getpid()}"
    path = program(f"#!/bin/bash\n(exec -a {marker} sleep 61) & echo > $BASE/started; sleep 62\n")
    run("exec:" + path, '"$play" ask -n /w/f; while [ ! -e $BASE/started ]; do sleep 0.05; done')
    end = time.monotonic() + 10
    left = True
    while left and time.monotonic() < end:
        left = subprocess.run(["pgrep", "-f", marker], capture_output=True, check=False).stdout.split()
        time.sleep(0.05)
    report(os.path.exists(os.path.join(BASE, "started")) and not left, "nothing is left of a program when the run ends",
           f"{left}")


# --- What it is told, and where it runs -----------------------------------------------------------


def question():
    path = program(HEAD + f"cat > $BASE/question; {YES}\n")
    target = WORK + "/a\udcff\"\\\n\033[2J\u202e"
    script = '"$play" ask -o rename -p "$target"'
    output, _ = run("exec:" + path, script, extra={"target": target})
    with open(os.path.join(BASE, "question"), "rb") as file:
        text = file.read()
    got = json.loads(text)
    expected = {"v": 1, "id": 0, "agent": "tester", "effect": "write", "operation": "rename", "exe": "/usr/bin/tool",
                "comm": "tool", "because": "agent.md:4 mode default", "protected": True, "workspace": WORK}
    same = all(got.get(key) == value for key, value in expected.items())
    report(output.startswith("once") and same and isinstance(got["pid"], int) and
           set(got) == set(expected) | {"pid", "target", "target_b64"} and
           base64.b64decode(got["target_b64"]) == target.encode(errors="surrogateescape"),
           "a question has its members, and the exact bytes of the target", text)
    report(text.count(b"\n") == 1 and b"\033" not in text and b"\xe2\x80\xae" not in text,
           "a question is one line, with nothing in it that a terminal obeys", text)


def surroundings():
    text = """import json, os, sys
fds = sorted(int(fd) for fd in os.listdir("/proc/self/fd"))
sys.stdin.read()
json.dump({"fds": fds, "cwd": os.getcwd(), "mine": os.environ.get("MINE"), "group": os.getpgrp() == os.getpid(),
           "mask": [line for line in open("/proc/self/status") if line.startswith("SigBlk")][0].split()[1]},
          open(os.environ["BASE"] + "/around", "w"))
print('{"answer":"once"}')
"""
    path = program("#!/usr/bin/python3\n" + text)
    output, _ = run("exec:" + path, extra={"MINE": "kept"})
    with open(os.path.join(BASE, "around"), encoding="ascii") as file:
        around = json.load(file)
    # The listing itself is one descriptor.
    report(output.startswith("once") and around["fds"][:3] == [0, 1, 2] and len(around["fds"]) == 4 and
           around["cwd"] == "/" and around["mine"] == "kept" and around["group"] and int(around["mask"], 16) == 0,
           "a program runs in /, with the caller's variables and nothing else", f"{output} {around}")


def one_at_a_time():
    path = program(HEAD + f"mkdir $BASE/lock || echo > $BASE/two; sleep 0.2; rmdir $BASE/lock; {YES}\n")
    output, _ = run("exec:" + path, 'for i in 1 2 3 4; do "$play" ask /w/$i & done; wait')
    report(output.count("once") == 4 and not os.path.exists(os.path.join(BASE, "two")),
           "several questions are put one at a time", output)


def alike():
    path = program(HEAD + f"echo x >> $BASE/count; while [ ! -e $BASE/go ]; do sleep 0.05; done; {YES}\n")
    output, _ = run("exec:" + path,
                    'for i in 1 2 3 4; do "$play" ask /w/same & done; "$play" asked 4; sleep 0.5; echo > $BASE/go; wait')
    with open(os.path.join(BASE, "count"), encoding="ascii") as file:
        count = len(file.readlines())
    report(output.count("once") == 4 and count == 1, "what is asked alike meanwhile is answered once", f"{count}: {output}")


def hostile_watch():
    path = program(HEAD + YES)
    output, status = run("exec:" + path, '"$play" ask /w/f; "$play" garbage; "$play" ask /w/g; echo over')
    report("once" in output and ("unasked" in output or "gone" in output) and "over" in output and status == 0,
           "who sends what is no question is answered no more, and the run goes on", output)
    output, status = run("exec:" + path, '"$play" close; "$play" ask /w/g; echo over')
    report("unasked" in output and "over" in output and status == 0, "a watch that is gone harms nobody", output)


# --- Which programs, and files --------------------------------------------------------------------


def refuses(name, way, word, remember="-"):
    output, status = run(way, remember=remember)
    report(status == 125 and word in output, name, f"status {status}: {output}")


def places():
    good = program(HEAD + YES)
    inside = os.path.join(WORK, "inside")
    with open(inside, "w", encoding="ascii") as file:
        file.write(HEAD + YES)
    os.chmod(inside, 0o755)
    link = os.path.join(BASE, "link")
    os.symlink(inside, link)
    innocent = os.path.join(BASE, "innocent")
    os.symlink(good, innocent)
    output, _ = run("exec:" + innocent)
    report(output.startswith("once"), "a link outside of the workspace is taken", output)
    refuses("not an absolute path", "exec:answer", "absolute")
    refuses("no such program", "exec:" + BASE + "/none", "no such program")
    refuses("a folder", "exec:" + BASE, "not a program")
    refuses("a program in the workspace", "exec:" + inside, "where the tool may write")
    refuses("a link to one", "exec:" + link, "where the tool may write")
    plain = os.path.join(BASE, "plain")
    with open(plain, "w", encoding="ascii") as file:
        file.write("x")
    refuses("a file that is not executable", "exec:" + plain, "not a program")
    refuses("another word", "ask", "not a way")
    refuses("exec without a program", "exec:", "not a way")
    refuses("tty with an argument", "tty:x", "not a way")
    refuses("no terminal", "tty", "terminal")


def second_name():
    path = program(HEAD + YES, "named")
    if os.stat(path).st_uid != 0:
        os.link(path, path + ".2")
        refuses("a program with a second name", "exec:" + path, "second name")


def kept_files():
    good = program(HEAD + YES)
    foreign = os.path.join(BASE, "foreign.yaml")
    with open(foreign, "w", encoding="ascii") as file:
        file.write("version: 1\n")
    refuses("--remember: a file of somebody else's", "exec:" + good, "none that remit wrote", foreign)
    refuses("--remember: in the workspace", "exec:" + good, "where the tool may write", WORK + "/kept.yaml")
    refuses("--remember: no such folder", "exec:" + good, "no folder", BASE + "/none/kept.yaml")
    refuses("--remember: nobody answers", "deny", "nobody gives any", BASE + "/kept.yaml")
    os.symlink(foreign, os.path.join(BASE, "linked.yaml"))
    refuses("--remember: a link", "exec:" + good, "linked.yaml", BASE + "/linked.yaml")
    kept = os.path.join(BASE, "kept.yaml")
    output, status = run("exec:" + good, f'"$play" ask "{WORK}/f"', remember=kept)
    with open(kept, encoding="ascii") as file:
        text = file.read()
    report(output.startswith("once") and status == 0 and f'"{WORK}/f"' in text and os.stat(kept).st_mode & 0o777 == 0o600 and
           not any(name.startswith(".") for name in os.listdir(BASE)),
           "--remember: a new file, of the caller alone, and nothing beside it", f"{output} {text}")
    with open(kept, "a", encoding="ascii") as file:
        file.write("deny:\n  write: [x]\n")
    refuses("--remember: a file with more in it than answers", "exec:" + good, "none that remit wrote", kept)


def main():
    try:
        for case in (answers, not_started, protected_effect, in_time, nothing_is_left, question, surroundings, one_at_a_time,
                     alike, hostile_watch, places, second_name, kept_files):
            case()
    finally:
        subprocess.run(["rm", "-rf", BASE], check=False)
    print(f"{results[True]} passed, {results[False]} failed, 0 skipped")
    return 1 if results[False] else 0


if __name__ == "__main__":
    sys.exit(main())
