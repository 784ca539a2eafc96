"""The processes of a run, as they are seen from outside; results of tests."""
import os

TARGETS = ("supervisor", "watch", "pid 1", "tool")

passed = failed = 0


def result(good, title, why=""):
    global passed, failed
    title = f"{title} (uid {os.getuid()})"
    if good:
        passed += 1
        print(f"ok      {title}", flush=True)
    else:
        failed += 1
        print(f"FAILED  {title}: {why}", flush=True)


def close():
    """The closing line; returns the status."""
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return failed > 0


def children(process):
    try:
        with open(f"/proc/{process}/task/{process}/children") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def depth(process):
    """In how many pid namespaces below ours the process is; negative where it is gone."""
    try:
        with open(f"/proc/{process}/status") as file:
            for line in file:
                if line.startswith("NSpid:"):
                    return len(line.split()) - 2
    except OSError:
        pass
    return -1


def find(target, supervisor):
    """One of TARGETS, or None where it is not there (yet)."""
    if target == "supervisor":
        return supervisor
    inside = [child for child in children(supervisor) if depth(child) == 1]
    if not inside:
        return None
    if target == "pid 1":
        return inside[0]
    if target == "tool":
        found = children(inside[0])
    else:
        # What was there before pid 1 tried what the machine can do.
        found = [child for child in children(supervisor) if depth(child) == 0]
    return found[0] if found else None


def memory(process):
    """Kilobytes of a process: {"VmHWM": ..., "RssAnon": ..., "Pss": ...}, as far as one may see."""
    found = {}
    for name in ("status", "smaps_rollup"):
        try:
            with open(f"/proc/{process}/{name}") as file:
                for line in file:
                    key, _, value = line.partition(":")
                    if key in ("VmHWM", "RssAnon", "Pss"):
                        found[key] = int(value.split()[0])
        except (OSError, ValueError):
            pass
    return found
