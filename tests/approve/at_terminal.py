"""A run at a pseudo-terminal, as a person at it sees it: for person.py, session.py and scenes.py."""

import contextlib
import ctypes
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

PATIENCE = 20  # seconds until what should appear counts as missing
QUIET = 0.8  # seconds after which a key is an answer
ATTEMPTS = 8  # at what must follow on something else at once


class Failure(Exception):
    pass


class TooLate(Failure):
    """The machine was too busy for the test to be in time: it says nothing."""


class Terminal:
    """A run at a terminal; what appears is in `screen`."""

    def __init__(self, words, environment=None, rows=24, columns=80):
        self.folder = tempfile.mkdtemp(prefix="remit-person.", dir="/tmp")
        self.screen = b""
        self.seen = 0
        self.status = None
        surroundings = dict(os.environ, TERM="xterm", LANG="C.UTF-8", PLAY_SOCKET=os.path.join(self.folder, "s"),
                            OUT=os.path.join(self.folder, "out"), **(environment or {}))
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            signal.signal(signal.SIGHUP, signal.SIG_DFL)
            time.sleep(0.05)  # until the window has its size
            os.execvpe(words[0], words, surroundings)
        self.resize(rows, columns)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def resize(self, rows, columns):
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def take(self, seconds):
        """Takes in what appears; False when the other side is closed."""
        if select.select([self.terminal], [], [], seconds)[0]:
            try:
                part = os.read(self.terminal, 65536)
            except OSError:
                return False
            self.screen += part
            return bool(part)
        return True

    def expect(self, pattern):
        end = time.monotonic() + PATIENCE
        pattern = pattern.encode() if isinstance(pattern, str) else pattern
        alive = True
        while True:
            found = re.search(pattern, self.screen[self.seen:])
            if found:
                self.seen += found.end()
                return found
            if not alive or time.monotonic() > end:
                raise Failure(f"{pattern!r} did not appear; the end is {self.screen[-400:]!r}")
            alive = self.take(0.1)

    def quiet(self, pattern, seconds=QUIET):
        """What must not appear for so long."""
        end = time.monotonic() + seconds
        pattern = pattern.encode() if isinstance(pattern, str) else pattern
        while time.monotonic() < end:
            self.take(0.05)
        if re.search(pattern, self.screen[self.seen:]):
            raise Failure(f"{pattern!r} appeared: {self.screen[self.seen:][-400:]!r}")

    def type(self, keys):
        os.write(self.terminal, keys.encode() if isinstance(keys, str) else keys)

    def asked(self):
        """Waits for a whole question; returns its text."""
        start = self.seen
        self.expect(r"remit asks")
        self.expect(r"answer: |there is more: [^\r]*: ")
        return self.screen[start:self.seen]

    def answer(self, key):
        self.quiet("impossible", QUIET)
        self.type(key)

    def finish(self, status=0):
        end = time.monotonic() + PATIENCE
        while self.take(0.1):
            if time.monotonic() > end:
                raise Failure(f"it did not end; the end is {self.screen[-400:]!r}")
        got = self.wait()
        if got != status:
            raise Failure(f"status {got} instead of {status}: {self.screen[-400:]!r}")

    def wait(self):
        if self.status is None:
            _, status = os.waitpid(self.pid, 0)
            self.status = os.waitstatus_to_exitcode(status)
        return self.status

    def close(self):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            self.wait()
        try:
            os.close(self.terminal)
        except OSError:
            pass
        subprocess.run(["rm", "-rf", self.folder], check=False)


@contextlib.contextmanager
def counts_within(seconds, begin):
    """What fails inside counts only if not more time than that has passed since `begin`."""
    late = time.monotonic() - begin > seconds
    try:
        yield
    except Failure as why:
        if late:
            raise TooLate(str(why)) from why
        raise


@contextlib.contextmanager
def stopped(pid):
    """Holds a child up as a busy machine does: no signal tells it."""
    seize, interrupt, detach = 0x4206, 0x4207, 17
    libc = ctypes.CDLL(None, use_errno=True)
    for request in (seize, interrupt):
        if libc.ptrace(request, pid, None, None) < 0:
            raise Failure(f"ptrace: {os.strerror(ctypes.get_errno())}")
    os.waitpid(pid, 0)
    try:
        yield
    finally:
        libc.ptrace(detach, pid, None, None)


def attempted(case):
    for _ in range(ATTEMPTS - 1):
        with contextlib.suppress(TooLate):
            return case()
    return case()


def require(condition, why):
    if not condition:
        raise Failure(why)


def cases_passed(cases, only):
    """Runs the cases, or those of these numbers; returns the status."""
    passed = failed = 0
    for number, (name, case) in enumerate(cases):
        if only and str(number) not in only:
            continue
        try:
            attempted(case)
            passed += 1
            print(f"ok      {name}", flush=True)
        except Failure as why:
            failed += 1
            print(f"FAILED  {name}: {why}", flush=True)
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit("a module of person.py, session.py and scenes.py")
