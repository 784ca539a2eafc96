#!/usr/bin/python3
"""Kills processes of a run at random moments, and looks at what is left.

kill.py --remit FILE --refuse FILE --base FOLDER --rounds N [--seed N]

For each of the supervisor, the watch, pid 1 and the tool: N runs, in each of which it is killed by
SIGKILL, also while the run is being launched. After each
  - nothing of the sandbox may be left: this process is the reaper of all orphans, and must have none;
    no process of the machine may have a mount of the workspace;
  - the log holds whole lines only, each of them JSON, numbered without a gap;
  - what the tool had told of (a line in a pipe for each answer) is in the log.
"""
import argparse
import ctypes
import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import time

from processes import TARGETS, children, close, depth, find, result

SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER
PATIENCE = 10.0  # seconds in which everything must be over
# What a call gets where nobody is left to answer it: a FUSE file system, a listener.
UNANSWERED = ("ENOTCONN", "ECONNABORTED", "ENOSYS")


def wait_for(target, supervisor):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = find(target, supervisor)
        if found:
            return found
    return None


def reap_all():
    """Waits until no process is left. Returns what is left, by name."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.002)
        except ChildProcessError:
            return []
    left = []
    for process in children(os.getpid()):
        with open(f"/proc/{process}/comm") as file:
            left.append(f"{process} ({file.read().strip()}, depth {depth(process)})")
        os.kill(process, signal.SIGKILL)
    return left


def mounts_of(place):
    """Processes that have a mount of anything below the place."""
    found = []
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{process}/mountinfo", errors="replace") as file:
                if place in file.read():
                    found.append(process)
        except OSError:
            pass
    return found


def judge_log(text, told):
    """What is wrong with the log, as a text; empty where nothing is."""
    if text and not text.endswith("\n"):
        return f"the last line is not whole: {text[-80:]!r}"
    known = set()
    for number, line in enumerate(text.splitlines(), 1):
        try:
            record = json.loads(line)
        except ValueError as error:
            return f"line {number}: {error}: {line[:200]!r}"
        if record["seq"] != number:
            return f"line {number} has the number {record['seq']}"
        if record["record"] == "refusal":
            known.add((record["target"], record["errno"]))
    lost = [answer for answer in told if answer not in known and answer[1] not in UNANSWERED]
    return f"{len(lost)} of {len(told)} answers are not in the log, as {lost[0]}" if lost else ""


class Round:
    def __init__(self, options, number):
        self.place = f"{options.base}/round{number}"
        self.log = f"{self.place}/log"
        os.makedirs(f"{self.place}/work/denied")
        for name in range(100):
            open(f"{self.place}/work/denied/{name}", "w").close()
        self.output, end = os.pipe()
        self.process = subprocess.Popen(
            [options.remit, "run", "-q", "--agent", f"{options.base}/agent.md",
             "--workspace", f"{self.place}/work", "--deny", f"read:{self.place}/work/denied",
             "--grant", f"read:{options.refuse}", "--grant", f"exec:{options.refuse}",
             "--audit", self.log, "--",
             options.refuse, "tell", f"read:{options.base}/hidden",
             f"read:{self.place}/work/denied", "write:/etc"],
            stdin=subprocess.DEVNULL, stdout=end, stderr=subprocess.PIPE)
        os.close(end)

    def told(self):
        """Whole lines that the tool wrote, to the end of the pipe."""
        text = b""
        while True:
            part = os.read(self.output, 65536)
            if not part:
                break
            text += part
        os.close(self.output)
        lines = text.decode().split("\n")[:-1]
        return {tuple(line.rsplit(" ", 1)) for line in lines}

    def finish(self):
        """Returns (what is wrong, how many answers had been told)."""
        # A tool that goes on keeps its end of the pipe open: the processes are waited for first.
        # What the pipe holds is at most 64 KB; a tool that waits for room is in the kernel's hands.
        left = reap_all()
        errors = self.process.stderr.read().decode(errors="replace")
        self.process.stderr.close()
        told = self.told()
        wrong = f"left over: {', '.join(left)}" if left else ""
        mounts = mounts_of(self.place)
        if mounts:
            wrong = wrong or f"mounts of the workspace in {' '.join(mounts)}"
        if not wrong:
            try:
                with open(self.log, encoding="utf-8", newline="\n") as file:
                    wrong = judge_log(file.read(), told)
            except FileNotFoundError:
                wrong = "no log, but answers" if told else ""
        if any(error == "0" for _, error in told):
            wrong = wrong or "something was permitted"
        if wrong:
            wrong += f" (remit said: {errors.strip()[:300]!r})"
        shutil.rmtree(self.place, ignore_errors=True)
        return wrong, len(told)


def one(options, target, number, chance):
    # A third while it is launched, a third soon after, and a third once the tool was refused
    # something: how soon that is, is the machine's affair.
    early = (0.006, 0.03, None)[number % 3]
    run = Round(options, number)
    if target == "supervisor":
        victim = run.process.pid
    else:
        victim = wait_for(target, run.process.pid)
    if victim is None:
        run.process.kill()
        wrong, _ = run.finish()
        return wrong or f"no {target} was found", 0
    if early is None:
        select.select([run.output], [], [], 30)
    delay = chance.uniform(0, early or 0.1)
    time.sleep(delay)
    try:
        os.kill(victim, signal.SIGKILL)
    except ProcessLookupError:
        pass
    wrong, told = run.finish()
    return (f"after {delay * 1000:.1f} ms: {wrong}" if wrong else ""), told


def series(options, target, chance):
    faults, productive = [], 0
    for number in range(options.rounds):
        wrong, told = one(options, target, number, chance)
        productive += told > 0
        if wrong:
            faults.append(wrong)
    title = f"kill -9 of the {target}, {options.rounds} times ({productive} after refusals)"
    result(not faults, title, f"{len(faults)} times: {faults[0] if faults else ''}")
    # Control: the tool did work in some of the runs, so that there was something to lose.
    result(productive >= options.rounds // 4, f"control: it was refused things before ({target})",
           f"in {productive} of {options.rounds} runs only")


def control(options):
    """Not killed, but ended: the reaper sees everything go, the log has what was told."""
    run = Round(options, "control")
    found = {target: wait_for(target, run.process.pid) for target in TARGETS}
    select.select([run.output], [], [], 30)
    result(all(found.values()) and len(set(found.values())) == len(TARGETS),
           "control: the four processes are told apart", str(found))
    result(bool(mounts_of(run.place)), "control: mounts of the workspace are seen")
    run.process.send_signal(signal.SIGTERM)
    wrong, told = run.finish()
    result(not wrong and told > 0, "control: a run that is ended by SIGTERM", wrong or "nothing told")


def judge_control():
    """A log that is damaged is seen to be."""
    line = '{"seq":1,"record":"refusal","target":"/a","errno":"EACCES"}\n'
    good = not judge_log(line, {("/a", "EACCES")})
    bad = all((judge_log(line[:-1], set()), judge_log(line[5:], set()), judge_log(line + line, set()),
               judge_log(line, {("/b", "EACCES")})))
    result(good and bad, "control: a damaged log is noticed")


def main():
    parser = argparse.ArgumentParser()
    for name in ("remit", "refuse", "base"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    if ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0) != 0:
        sys.exit("kill.py: PR_SET_CHILD_SUBREAPER")
    chance = random.Random(options.seed)
    judge_control()
    control(options)
    for target in TARGETS:
        series(options, target, chance)
    sys.exit(close())


main()
