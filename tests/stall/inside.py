"""Inside: processes that hang in a dead file system and in a fifo, and what others notice of it.

inside.py NUMBER SECONDS: NUMBER processes hang; for SECONDS others work. Prints a line for each
finding, "ok" or "FAILED". Exit status 1 where something failed."""
import os
import random
import signal
import sys
import time

number, seconds = int(sys.argv[1]), float(sys.argv[2])
BOUND = 10.0  # seconds that an operation of others may take on a busy machine; a hang takes for ever

HANGING = [
    ("creating in the dead file system", lambda: os.open("mount/slow/new", os.O_CREAT | os.O_WRONLY)),
    ("opening a file there", lambda: os.open("mount/slow/file", os.O_WRONLY)),
    ("making a folder there", lambda: os.mkdir("mount/slow/folder")),
    ("changing a mode there", lambda: os.chmod("mount/slow/file", 0o600)),
    ("truncating there", lambda: os.truncate("mount/slow/file", 3)),
    ("a name that is never looked up", lambda: os.open("mount/dead/x", os.O_CREAT | os.O_WRONLY)),
    ("renaming to such a name", lambda: os.rename("renamed", "mount/dead/x")),
    ("the fifo, for writing", lambda: os.open("fifo", os.O_WRONLY)),
    ("the fifo, for reading", lambda: os.open("fifo.read", os.O_RDONLY)),
]

failed = False


def finding(good, title, why=""):
    global failed
    failed = failed or not good
    print(("ok      " if good else "FAILED  ") + title + (f": {why}" if why else ""), flush=True)


def work(round_number):
    """One of each: brokered calls, a call that is refused, a look at what the decoy hides."""
    name = f"work.{os.getpid()}.{round_number}"
    times = []
    for deed in (lambda: os.close(os.open(name, os.O_CREAT | os.O_WRONLY)),
                 lambda: os.chmod(name, 0o600),
                 lambda: os.rename(name, name + ".moved"),
                 lambda: os.mkdir(name),
                 lambda: os.rmdir(name),
                 lambda: os.unlink(name + ".moved"),
                 lambda: os.path.exists("/root/.ssh/id_rsa"),
                 lambda: os.path.exists("/home/nobody-at-all/file")):
        begin = time.monotonic()
        deed()
        times.append(time.monotonic() - begin)
    return max(times)


def responsive(title, rounds):
    try:
        longest = max(work(i) for i in range(rounds))
    except OSError as error:
        finding(False, title, str(error))
        return
    finding(longest < BOUND, title, "" if longest < BOUND else f"{longest:.2f} s")


def hang(deed):
    child = os.fork()
    if child == 0:
        try:
            deed()
        except OSError:
            pass
        os._exit(0)
    return child


def ended(children, within):
    """Those that have not ended after some time."""
    left = set(children)
    deadline = time.monotonic() + within
    while left and time.monotonic() < deadline:
        for child in list(left):
            if os.waitpid(child, os.WNOHANG)[0]:
                left.discard(child)
        time.sleep(0.005)
    return left


def main():
    responsive("before anybody hangs", 20)
    children = []
    for title, deed in HANGING:
        children.append(hang(deed))
        time.sleep(0.05)
        responsive(f"one waits: {title}", 5)
    left = ended(children, 0.2)
    finding(len(left) == len(children), "each of them waits", f"{len(children) - len(left)} ended")
    for child in left:
        os.kill(child, signal.SIGKILL)
    finding(not ended(left, 10), "each of them can be killed")

    children = [hang(HANGING[i % len(HANGING)][1]) for i in range(number)]
    time.sleep(0.3)
    responsive(f"{number} wait", 20)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        place = random.randrange(number)
        os.kill(children[place], signal.SIGKILL)
        os.waitpid(children[place], 0)
        children[place] = hang(random.choice(HANGING)[1])
        if work(random.randrange(100)) >= BOUND:
            finding(False, "random work among those that hang")
            break
    for child in children:
        os.kill(child, signal.SIGKILL)
    finding(not ended(children, 20), f"{number} can be killed")
    responsive("after all were killed", 20)
    # What still hangs at the end is the end of the run's business.
    for place in range(10):
        hang(HANGING[place % len(HANGING)][1])
    return failed


sys.exit(main())
