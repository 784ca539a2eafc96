#!/usr/bin/python3
"""Floods the watch with refusals: what it counts, what it needs, what others get meanwhile.

flood.py --remit FILE --refuse FILE --base FOLDER --seconds N --names N

The base holds agent.md, work/ and hidden/; hidden/ gets files with the names 0 to N-1.
"""
import argparse
import collections
import json
import os
import subprocess
import sys
import time

from processes import close, find, memory, result

# Of the watch. What a run allocates beyond what an idle one has: a table of 512 KB of kinds and its
# index, 512 KB of names, the texts of the summary, and what the allocator loses between them.
GROWTH_MOST = 2048  # KB
PSS_MOST = 3072  # KB, the budget of the design
# Lines of a log of three kinds: `start`, `end`, and each kind once, again at the end, and again for
# each second in which nothing was refused (a machine that is busy may have such).
LINES_MOST = 64
# Of the work that a second sandbox does beside four threads that compute, what it must still do
# beside four threads that flood. A flood takes the processor for the watch, too: two threads more,
# so that (2 processors / 5 threads) becomes (2 / 7) at the worst, 0.71 of it; half allows for noise.
SHARE_LEAST = 0.5


class Run:
    """A run, and what the watch needed."""

    def __init__(self, options, command, grants=()):
        self.options = options
        self.log = f"{options.base}/flood.log"
        if os.path.exists(self.log):
            os.unlink(self.log)
        self.needed = {}
        self.process = subprocess.Popen(
            [options.remit, "run", "-q", "--agent", f"{options.base}/agent.md",
             "--workspace", f"{options.base}/work", "--grant", f"read:{options.refuse}",
             "--grant", f"exec:{options.refuse}", *grants, "--audit", self.log, "--",
             options.refuse if command[0] != "sh" else "sh", *command[command[0] == "sh":]],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)

    def sample(self):
        watch = find("watch", self.process.pid)
        for key, value in (memory(watch) if watch else {}).items():
            self.needed[key] = max(value, self.needed.get(key, 0))

    def finish(self):
        while self.process.poll() is None:
            self.sample()
            time.sleep(0.02)
        self.output = self.process.stdout.read()
        self.process.stdout.close()
        with open(self.log, encoding="utf-8") as file:
            self.records = [json.loads(line) for line in file]
        return self


def counted(output):
    """What the tool says: {(path, errno): count}."""
    found = {}
    for line in output.splitlines():
        text, error, count = line.rsplit(" ", 2)
        found[(text.partition(":")[2], error)] = int(count)
    return found


def recorded(records):
    found = collections.Counter()
    for record in records:
        if record["record"] == "refusal":
            found[(record["target"], record["errno"])] += record["count"]
    return dict(found)


def totals_wrong(run):
    """What is wrong with the totals of `end`; empty where nothing is."""
    end = run.records[-1]
    if end["record"] != "end":
        return "the last record is no `end`"
    sums = collections.Counter()
    for record in run.records:
        if record["record"] == "refusal":
            sums[record["class"]] += record["count"]
    if (sums["denied"], sums["hidden"]) != (end["denied"], end["hidden"]):
        return f"records {dict(sums)}, end {end['denied']} denied, {end['hidden']} hidden"
    return ""


def bounded(run, idle, title):
    grown = run.needed.get("VmHWM", 1 << 30) - idle.needed.get("VmHWM", 0)
    result(grown <= GROWTH_MOST, f"{title}: the watch's memory is bounded ({grown} KB more)", f"{run.needed}")
    if "Pss" in run.needed:
        pss = run.needed["Pss"]
        result(pss <= PSS_MOST, f"{title}: within its budget of {PSS_MOST} KB ({pss} KB)", f"{run.needed}")


def flood(options, idle, signals):
    opens = [f"read:{options.base}/hidden/1", "read:/etc/shadow", "write:/etc/remit-flood"]
    run = Run(options, ["flood", "4", str(int(options.seconds * 1000)), str(signals), *opens]).finish()
    title = f"a flood of four threads, {signals} signals a second"
    told, seen = counted(run.output), recorded(run.records)
    number = sum(told.values())
    result(told == seen and number > 100 and len(told) == 3, f"{title}: every one of {number} is counted",
           f"the tool {told}, the log {seen}")
    wrong = totals_wrong(run)
    result(not wrong, f"{title}: totals are exact", wrong)
    result(len(run.records) <= LINES_MOST, f"{title}: the log has {len(run.records)} lines",
           f"more than {LINES_MOST}")
    bounded(run, idle, title)


def names(options, idle):
    cases = (
        ("existing hidden names", f"read:{options.base}/hidden/", "ENOENT", options.names),
        ("absent names", f"read:{options.base}/hidden/absent", "ENOENT", 0),
        ("refused new names", "write:/etc/remit-flood", "EROFS", options.names),
    )
    for title, text, error, expected in cases:
        title = f"{options.names} {title}"
        # Ends only when the last sample was taken.
        run = Run(options, ["names", str(options.names), text]).finish()
        result(counted(run.output) == {(text.partition(":")[2], error): options.names},
               f"{title}: refused alike", run.output)
        seen = recorded(run.records)
        result(sum(seen.values()) == expected and set(seen.values()) <= {1},
               f"{title}: {expected} recorded, each once", f"{sum(seen.values())} of {len(seen)} names")
        wrong = totals_wrong(run)
        result(not wrong, f"{title}: totals are exact", wrong)
        bounded(run, idle, title)


def left_behind(options):
    """What floods when COMMAND ends is ended before the last record is written."""
    script = f"{options.refuse} flood 2 60000 0 read:/etc/shadow write:/etc/remit-flood & sleep 0.3"
    wrong, seen = "", 0
    for _ in range(5):
        run = Run(options, ["sh", "-c", script]).finish()
        wrong = wrong or totals_wrong(run)
        seen += run.records[-1].get("denied", 0)
    result(not wrong, "a flood that COMMAND leaves behind: totals are exact", wrong)
    result(seen > 0, "control: that flood was refused something", f"{seen} in five runs")


def work(options):
    milliseconds = str(int(options.seconds * 500))
    done = subprocess.run(
        [options.remit, "run", "-q", "--agent", f"{options.base}/agent.md", "--workspace",
         f"{options.base}/other", "--grant", f"read:{options.refuse}", "--grant",
         f"exec:{options.refuse}", "--", options.refuse, "work", milliseconds],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True, text=True)
    return int(done.stdout)


def share(options):
    """The best of ten at the most, each beside a run of its own: other load of the machine only takes
    away, and a flood that takes the share of others takes it every time."""
    length = str(int(options.seconds * 1000))
    beside = {"computing": 0, "flooding": 0}
    alone, part = work(options), 0
    for _ in range(10):
        for name, command in (("computing", ["spin", "4", length]),
                              ("flooding", ["flood", "4", length, "0", "read:/etc/shadow", "write:/etc/remit-flood"])):
            run = Run(options, command)
            time.sleep(options.seconds / 8)
            beside[name] = max(beside[name], work(options))
            run.finish()
            alone = max(alone, work(options))
        part = beside["flooding"] / max(beside["computing"], 1)
        if part >= SHARE_LEAST:
            break
    result(part >= SHARE_LEAST and beside["computing"] < alone * 1.05,
           f"a second sandbox keeps its share: alone {alone}, beside computing {beside['computing']}, "
           f"beside a flood {beside['flooding']}", f"{part:.2f}, not {SHARE_LEAST}")


def main():
    parser = argparse.ArgumentParser()
    for name in ("remit", "refuse", "base"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--names", type=int, required=True)
    options = parser.parse_args()
    os.makedirs(f"{options.base}/other", exist_ok=True)
    os.makedirs(f"{options.base}/hidden", exist_ok=True)
    for number in range(options.names):
        open(f"{options.base}/hidden/{number}", "w").close()
    idle = Run(options, ["sh", "-c", "sleep 2"]).finish()
    result(idle.needed.get("VmHWM", 0) > 0 and len(idle.records) == 2,
           f"control: a run without refusals ({idle.needed})", f"{idle.needed}, {idle.records}")
    flood(options, idle, 0)
    flood(options, idle, 1000)
    names(options, idle)
    left_behind(options)
    share(options)
    sys.exit(close())


main()
