"""The same sequences outside and inside: compare.py PROGRAM REMIT AGENT FOLDER CALLER TOOL SEED COUNT [FIRST]

FOLDER gets two folders, `outer` and `inner`, of which the latter is the workspace. CALLER is the uid
that starts remit, TOOL the one that the sequences outside have, which owns both. Prints each sequence
that differs, made as short as it can be; the last line is "N passed, N failed, 0 skipped"."""
import collections
import os
import subprocess
import sys

import differences

BATCH = 200       # sequences of one process: starting one costs
SHOWN = 8         # failures that are made short and shown, one of a kind
SECONDS = 600
# Kinds of failures, one a line, that are known and hide others.
PASSED_OVER = os.environ.get("REMIT_FIDELITY_PASS_OVER", "").split("\n")

program, remit, agent, folder, caller, tool, seed, count = sys.argv[1:9]
first = int(sys.argv[9]) if len(sys.argv) > 9 else 0
caller, tool, count = int(caller), int(tool), int(count)
met = collections.Counter()
kinds = collections.Counter()
examples = {}


def become(user):
    if user == os.getuid():
        return []
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]


def execute(words):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS,
                          env={"PATH": os.environ["PATH"]}, check=False)
    return done.returncode, done.stdout.decode("latin-1"), done.stderr.decode("latin-1")


def side(name):
    """The folder of a side, and what stands before the program there."""
    where = f"{folder}/{name}"
    if name == "outer":
        return where, become(tool)
    return where, become(caller) + [remit, "run", "-q", "-a", agent, "-w", where, "-m",
                                    "acceptEdits", "--"]


def split(text):
    """Lines by sequence."""
    found = collections.defaultdict(list)
    number = None
    for line in text.split("\n"):
        if line.startswith("sequence "):
            number = int(line[9:])
        elif line.startswith("played "):
            number = "end"
        elif number is not None and line:
            found[number].append(line)
    return found, number == "end"


def split_tree(text):
    found = collections.defaultdict(list)
    for line in text.split("\n"):
        if line.startswith("/"):
            number = line.split("/")[1].split(" ")[0]
            found[int(number) if number.isdigit() else number].append("tree: " + line)
    return found


def play(name, begin, number, kept=None):
    where, before = side(name)
    words = before + [program, "play", where, seed, str(begin), str(number)]
    if kept is not None:
        words.append(",".join(map(str, kept)) or "none")
    status, text, error = execute(words)
    lines, ended = split(text)
    if status != 0 or not ended:
        lines["run"].append(f"status {status} {error.strip()}")
    os.chmod(where, 0o755)  # a sequence that goes up far enough may have changed it
    status, text, error = execute(become(tool) + [program, "tree", where])
    for sequence, entries in split_tree(text).items():
        lines[sequence].extend(entries)
    if status != 0:
        lines["run"].append(f"tree: status {status} {error.strip()}")
    return lines


def difference(outside, inside, counter=None):
    """The first place at which two sequences differ, or None."""
    removed = ""
    full = differences.FULL if any(line.endswith("= EMFILE") for line in outside) else ""
    for place in range(max(len(outside), len(inside))):
        left = outside[place] if place < len(outside) else "(nothing)"
        right = inside[place] if place < len(inside) else "(nothing)"
        if left.endswith("removed folder {"):
            removed = differences.REMOVED
        elif differences.LEFT.match(left):
            removed = ""
        if left == right:
            continue
        if kind((place, left, right)) in PASSED_OVER:
            continue
        mark = full if " time=" in left else removed
        name = differences.name_of(mark + left, mark + right)
        if name is None:
            return place, left, right
        if counter is not None:
            counter[name] += 1
        if name in differences.ENDS:
            return None
    return None


def kind(found):
    """Failures of one kind have one cause, mostly."""
    if found is None:
        return "nothing was played"
    call, result = differences.divide(found[1])
    inside = differences.divide(found[2])[1]
    words = call.split("(")[0].split(" ")
    name = words[-1] if words[0].isdigit() else words[0]
    left, right = result.split(" "), inside.split(" ")
    if len(left) == len(right) > 1:
        pairs = [(a, b) for a, b in zip(left, right) if a != b]
        if pairs and pairs[0][0].startswith("flags=") and pairs[0][1].startswith("flags="):
            bits = int(pairs[0][0][6:], 8) ^ int(pairs[0][1][6:], 8)
            return f"flags of a descriptor differ by {bits:o}"
        left, right = pairs[0] if pairs else ("", "")
    else:
        left, right = left[0], right[0]
    return f"{name}: {left} -> {right}"


def differs(sequence, kept):
    outside, inside = play("outer", sequence, 1, kept), play("inner", sequence, 1, kept)
    found = difference(outside[sequence], inside[sequence])
    return found or difference(outside["run"], inside["run"]), outside[sequence]


def shorten(sequence):
    """The operations without which the sequence no longer differs."""
    kept = list(range(40))
    step = 8
    while step:
        for begin in range(len(kept) - step, -1, -step):
            fewer = kept[:begin] + kept[begin + step:]
            if differs(sequence, fewer)[0]:
                kept = fewer
        step //= 2
    return kept


def show(sequence, found):
    print(f"sequence {sequence} of seed {seed} differs:\n  outside: {found[1]}\n  inside:  {found[2]}")
    if not differs(sequence, list(range(40)))[0]:
        print("  (not when it is played alone)")
        return
    kept = shorten(sequence)
    found, lines = differs(sequence, kept)
    if found is None:
        print("  (not every time)")
        return
    print(f"  short: operations {','.join(map(str, kept))}")
    for line in lines[:found[0]]:
        print("    " + line)
    print(f"  outside: {found[1]}\n  inside:  {found[2]}", flush=True)


def main():
    passed = failed = operations = 0
    for begin in range(first, first + count, BATCH):
        number = min(BATCH, first + count - begin)
        outside, inside = play("outer", begin, number), play("inner", begin, number)
        for line in outside["run"]:
            print(f"outside, from {begin}: {line}")
            failed += 1
        for line in inside["run"]:
            print(f"inside, from {begin}: {line}")
            failed += 1
        for sequence in range(begin, begin + number):
            operations += len([line for line in outside[sequence] if not line.startswith("tree")])
            found = difference(outside[sequence], inside[sequence], met)
            if found is None and outside[sequence]:
                passed += 1
                continue
            failed += 1
            kinds[kind(found)] += 1
            examples.setdefault(kind(found), (sequence, found and found[1]))
            if kinds[kind(found)] == 1 and len(kinds) <= SHOWN:
                show(sequence, found or (0, "(nothing)", "(nothing)"))
    for name, times in kinds.most_common(40):
        print(f"  {times} failures: {name}\n      such as sequence {examples[name][0]}: {examples[name][1]}")
    print(f"{operations} operations in {passed + failed} sequences")
    for name, *_, reason in differences.TABLE:
        print(f"  differs as it is meant to, {met[name]} times: {name} ({reason})")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return failed > 0 or passed == 0


sys.exit(main())
