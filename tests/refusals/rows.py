"""The table of refusals: what is made from it, and what is judged by it.

rows.py make TABLE PLACE USER       makes the things of the rows in PLACE, and files of rows for the
                                    programs: PLACE/work/rows/RUN-PROGRAM
rows.py judge TABLE PLACE USER SOURCE
                                    judges PLACE/results and PLACE/logs; prints a line for a row that
                                    is wrong, then "made N / reported / right" and the closing line
"""
import base64
import collections
import fnmatch
import json
import os
import re
import shutil
import socket
import subprocess
import sys

PROGRAMS = ["static", "sh", "python", "node"]
# What `thread` rows do: 32 threads at once, each something of its own.
THREADS = 8
THREAD_ROWS = """
static thread | open-read {Of} | hidden | open | {Of} | grant
static thread | stat {Sf} | secret ~/.ssh | stat | {Sf} | grant
static thread | open-write {Wf} | readonly | open | {Wf} | grant
static thread | mkdir {Wn} | readonly | mkdir | {Wn} | grant
"""
# What node reads at its start, on its own account, where the machine has it.
OF_NODE = b"/sys/fs/cgroup/"
# What only x86-64 has.
OLD = re.compile(r"\w+-old |creat |utime |utimes |futimesat |call (iopl|modify_ldt) ")
BAD_NAME = b".\xff\xfe\x1b"
EXPECTED = {
    "hidden": dict(cls="hidden", errno="ENOENT", layer="decoy", effect="read"),
    "secret": dict(cls="denied", errno="EACCES", layer="decoy", effect="read"),
    "named": dict(cls="denied", errno="EACCES", layer="decoy", effect="read"),
    "readonly": dict(cls="denied", errno="EROFS", layer="seccomp", effect="write"),
    "system": dict(cls="denied", errno="EROFS", layer="seccomp", effect="write"),
    "protected": dict(cls="denied", errno="EROFS", layer="broker", effect="write"),
    "peer": dict(cls="denied", errno="ENETUNREACH", layer="seccomp", effect="connect"),
    "call": dict(cls="denied", errno="EPERM", layer="seccomp", effect="call"),
    "exec": dict(cls="denied", errno="EACCES", layer="seccomp", effect="exec"),
    "unseen": dict(),
}
STRERROR = {os.strerror(number): name for number, name in __import__("errno").errorcode.items()}


class Row:
    def __init__(self, number, run, text):
        self.number, self.run = number, run
        fields = [field.strip() for field in text.split(" | ")]
        program, self.operation, expectation, self.op, self.target, self.control = fields
        self.program, self.way = program.split(" ", 1)
        self.reason, *rest = expectation.split(" ")
        self.expected = dict(EXPECTED[self.reason])
        changes = dict(word.split("=", 1) for word in rest if "=" in word)
        self.names = [word for word in rest if "=" not in word]
        self.expected.update({{"class": "cls"}.get(k, k): v for k, v in changes.items()})
        self.text = text


def read_table(path):
    rows, run = [], None
    for line in open(path, encoding="utf-8"):
        line = line.rstrip("\n")
        if line.startswith("[") and line.endswith("]"):
            run = line[1:-1]
        elif line == "@threads":
            for text in THREAD_ROWS.strip().split("\n") * THREADS:
                rows.append(Row(len(rows) + 1, run, text))
        elif line and not line.startswith("#"):
            if os.uname().machine != "x86_64" and OLD.match(line.split(" | ")[1]):
                continue
            rows.append(Row(len(rows) + 1, run, line))
    return rows


# --- Things -----------------------------------------------------------------------------------


def folders(place):
    home, work = f"{place}/home", f"{place}/work"
    return {"O": f"{place}/outside", "W": work, "D": f"{work}/denied", "P": f"{work}/.git/hooks",
            "S": f"{home}/.ssh", "A": f"{home}/.aws", "H": home,
            "T": open(f"{place}/temporary").read().strip()}


SUFFIX = {"f": b".f", "g": b".g", "d": b".d", "l": b".l", "t": b".t", "x": b".x", "s": b".s",
          "n": b".n", "m": b".m", "k": b".k", "o": b".o", "u": BAD_NAME}


def write(path, mode=0o644, data=b"x\n"):
    with open(path, "wb") as file:
        file.write(data)
    os.chmod(path, mode)
    if not path.startswith(b"/var/tmp"):
        os.setxattr(path, "user.remit", b"y")


def bind(path):
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(path)
        one.listen()
        kept = os.dup(one.fileno())
    os.set_inheritable(kept, True)


def make_thing(kind, path):
    stem = os.path.splitext(path)[0]
    if os.path.lexists(path):
        return
    if kind in "fgtu":
        write(path)
    elif kind == "x":
        shutil.copy("/bin/true", path)
    elif kind == "d":
        os.mkdir(path)
    elif kind == "l":
        write(stem + b".t")
        os.symlink(os.path.basename(stem) + b".t", path)
    elif kind == "k":
        os.symlink(os.path.basename(stem) + b".n", path)
    elif kind == "o":
        name = os.path.basename(stem) + b".f"
        write(os.path.dirname(os.path.dirname(path)) + b"/outside/" + name)
        os.symlink(b"../outside/" + name, path)


def expand(row, text, place, things=None):
    """`text` with the names of things in place of {..}; adds (kind, path) to `things`."""
    where = folders(place)

    def path_of(match):
        folder, kinds, form = match.groups()
        path = os.fsencode(where[folder])
        if kinds:
            path += b"/%d" % row.number + SUFFIX[kinds[-1]]
            if things is not None and len(kinds) == 1:
                things.append((kinds, path))
        quoted = {"!r": repr, "!j": json.dumps}.get(form)
        return quoted(os.fsdecode(path)) if quoted else os.fsdecode(path)

    text = text.replace("{n}", str(row.number)).replace("{true}", os.path.realpath("/bin/true"))
    text = re.sub(r"\{([OWDPSAHT])([a-z]*)(![rj])?\}", path_of, text)
    return re.sub(r"\\x([0-9a-f]{2})", lambda m: os.fsdecode(bytes([int(m[1], 16)])), text)


def numbers_of_calls():
    text = subprocess.run(["cc", "-E", "-dM", "-include", "sys/syscall.h", "-x", "c", "/dev/null"],
                          stdout=subprocess.PIPE, check=True, text=True).stdout
    return dict(re.findall(r"#define __NR_(\w+) (\d+)", text))


def make_rows(table, place):
    calls = numbers_of_calls()
    os.makedirs(f"{place}/work/rows")
    for row in read_table(table):
        things = []
        operation = expand(row, row.operation, place, things)
        expand(row, row.target, place, things)
        for kind, path in things:
            make_thing(kind, path)
        if row.program == "static":
            words = operation.split(" ")
            if words[0] == "call":
                words[1] = calls[words[1]]
            operation = "\t".join(words)
        # Relative names are of things, too.
        for folder, name in re.findall(r"(\.\./outside/)?\{n\}(\.[a-z])", row.operation):
            base = folders(place)["O" if folder else "W"]
            make_thing(name[1], os.fsencode(f"{base}/{row.number}{name}"))
        line = "\t".join([str(row.number), expand(row, row.way, place, things), operation])
        for kind, path in things:
            make_thing(kind, path)
        for run in {row.run, row.control.split(":")[0].replace("other", "outside")} - {"none"}:
            with open(f"{place}/work/rows/{run}-{row.program}", "ab") as file:
                file.write(os.fsencode(line) + b"\n")


def sockets_of(table, place):
    """Paths of socket files, which must be listened to."""
    for row in read_table(table):
        things = []
        expand(row, row.operation, place, things)
        yield from (path for kind, path in things if kind == "s")


# --- Judging ----------------------------------------------------------------------------------


def bytes_of(record, key):
    encoded = record.get(key + "_b64")
    if encoded is not None:
        return base64.b64decode(encoded)
    text = record.get(key)
    return None if text is None else text.encode()


def line_of(path, pattern):
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if re.match(pattern, line):
                return number
    return None


def results_of(place, run):
    found = {}
    with open(f"{place}/results/{run}", encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            number, pid, result = line.rstrip("\n").split("\t", 2)
            if result not in ("OK",) and not re.fullmatch(r"E[A-Z0-9]+", result):
                said = [name for text, name in STRERROR.items() if result.endswith(text)]
                if "not found" in result:  # as shells say it
                    said.append("ENOENT")
                result = said[0] if said else result
            found[int(number)] = (int(pid), result)
    return found


def records_of(place, run):
    path = f"{place}/logs/{run}"
    with open(path, encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    return [record for record in records if record["record"] == "refusal"]


class Judge:
    def __init__(self, table, place, user, source):
        self.rows, self.place, self.user = read_table(table), place, user
        self.policies = source + "/policies"
        self.lines = []
        self.passed = self.failed = self.skipped = 0

    def say(self, row, why):
        name = f"{row.number} {row.text}" if row else "all"
        self.lines.append(f"FAILED  {self.user}: {name}: {why}")
        self.failed += 1

    def skip(self, program):
        if os.environ.get("REMIT_SKIP") == "fail":
            self.say(None, f"no {program}, and REMIT_SKIP=fail")
            return
        self.lines.append(f"skipped {self.user}: a row of {program}, which is not installed")
        self.skipped += 1

    def reason(self, row):
        """The file and line that must stand behind it."""
        files = {"secret": "secrets.yaml", "protected": "protected.yaml", "system": "trees.yaml"}
        if row.reason in files:
            file, pattern = files[row.reason], rf"  {re.escape(row.names[0])}:"
        elif row.reason == "call":
            file, pattern = "syscalls.yaml", rf"  {re.escape(row.names[0])}:"
        elif row.reason == "named":
            return None, None
        else:
            file = f"{row.run}.md"
            return file, line_of(f"{self.place}/{file}", "tools:")
        return file, line_of(f"{self.policies}/{file}", pattern)

    def comm_and_exe(self, row):
        tools = f"{self.place}/work/bin"
        if row.program == "static":
            return "operate", os.path.realpath(f"{tools}/operate")
        if row.program == "python":
            return "python3", os.path.realpath("/usr/bin/python3")
        if row.program == "node":
            return "*", os.path.realpath(shutil.which("node"))
        name = row.expected["comm"]
        return name, os.path.realpath(shutil.which(name))

    def wrong(self, row, record, pid):
        """What of the record is not as it must be."""
        comm, exe = self.comm_and_exe(row)
        file, line = self.reason(row)
        expected = {
            "class": row.expected["cls"], "effect": row.expected["effect"],
            "errno": row.expected["errno"], "layer": row.expected["layer"],
            "exe": exe, "count": 1,
        }
        if file and row.expected.get("because") != "*":
            expected.update(because_file=file, because_line=line)
        wrong = [f"{key} is {record.get(key)!r}, not {value!r}"
                 for key, value in expected.items() if record.get(key) != value]
        if not fnmatch.fnmatchcase(record.get("comm", ""), comm):
            wrong.append(f"comm is {record.get('comm')!r}")
        if row.reason == "named" and "--deny" not in record.get("because", ""):
            wrong.append(f"because is {record.get('because')!r}")
        if record["pid"] <= 0 or record["ppid"] <= 0:
            wrong.append("no process")
        return wrong

    def of_node(self, record):
        return record["comm"] == "node" and bytes_of(record, "target").startswith(OF_NODE)

    def records_for(self, row, index):
        target = os.fsencode(expand(row, row.target, self.place))
        if b"*" not in target:
            return index.get((row.op, target), [])
        return [record for (op, text), records in index.items() if op == row.op
                and fnmatch.fnmatchcase(text, target) for record in records]

    def judge_run(self, run):
        rows = [row for row in self.rows if row.run == run]
        results = results_of(self.place, run)
        index = collections.defaultdict(list)
        for record in records_of(self.place, run):
            index[(record["op"], bytes_of(record, "target"))].append(record)
        used = set()
        made = reported = right = unseen = 0
        for row in rows:
            if row.number not in results:
                if row.program == "node" and not shutil.which("node"):
                    self.skip("node")
                else:
                    self.say(row, "was not made")
                continue
            pid, result = results[row.number]
            records = [record for record in self.records_for(row, index)
                       if record.get("pid_inside") == pid]
            used.update(record["seq"] for record in records)
            if result != row.expected["errno"]:
                self.say(row, f"ended with {result}; records {records}")
                continue
            if row.reason == "unseen":
                unseen += 1
                if records:
                    self.say(row, "is recorded: not a limit any more")
                else:
                    self.passed += 1
                continue
            made += 1
            reported += bool(records)
            if len(records) != 1:
                self.say(row, f"{len(records)} records")
                continue
            wrong = self.wrong(row, records[0], pid)
            if wrong:
                self.say(row, "; ".join(wrong))
                continue
            right += 1
            self.passed += 1
        for records in index.values():
            for record in records:
                if record["seq"] not in used and not self.of_node(record):
                    self.say(None, f"a record that no row asked for: {record}")
        return made, reported, right, unseen

    def judge_controls(self):
        shown = 0
        granted, outside = results_of(self.place, "grant"), results_of(self.place, "outside")
        beyond = records_of(self.place, "grant")
        for row in self.rows:
            where, _, who = row.control.partition(":")
            if where == "none" or ((who == "root" or where == "other") and self.user != "root"):
                continue
            result = (granted if where == "grant" else outside).get(row.number, (0, "missing"))[1]
            if row.program == "node" and result == "missing" and not shutil.which("node"):
                continue
            good = result not in ("missing", row.expected["errno"]) if where == "other" \
                else result == "OK"
            shown += good
            if good:
                self.passed += 1
            else:
                self.say(row, f"the control ended with {result}")
        for record in beyond:
            if self.of_node(record):
                continue
            self.say(None, f"a record where everything is permitted: {record}")
        return shown

    def judge(self):
        sums = [sum(one) for one in zip(*map(self.judge_run, ("reader", "writer", "mute")))]
        controls = self.judge_controls()
        for line in self.lines:
            print(line)
        print(f"{self.user}: made {sums[0]} / reported {sums[1]} / right {sums[2]}; "
              f"refused and not heard of, as the README says: {sums[3]}; "
              f"permitted elsewhere, without a record: {controls}")
        print(f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped")
        return 1 if self.failed or not sums[0] else 0


def listen(table, place):
    """Listens to socket files and ports until standard input ends."""
    for path in sockets_of(table, place):
        bind(path)
    kept = []
    for family, host in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        for port in range(7001, 7010):
            one = socket.socket(family)
            one.bind((host, port))
            one.listen()
            kept.append(one)
    print("ready", flush=True)
    sys.stdin.read()


command, table, place = sys.argv[1:4]
if command == "make":
    make_rows(table, place)
elif command == "listen":
    listen(table, place)
else:
    sys.exit(Judge(table, place, *sys.argv[4:6]).judge())
