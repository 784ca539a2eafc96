#!/usr/bin/env python3
"""How a Python program uses libremit, with nothing but ctypes.

    confine.py DEFINITION WORKSPACE TARGET COMMAND...

Says what a definition permits, asks whether TARGET may be written, then runs COMMAND confined and
shows what remit had to say about it. REMIT_LIBRARY names the library where the loader does not
find it.
"""

import ctypes
import json
import os
import sys
from ctypes import POINTER, byref, c_bool, c_char, c_char_p, c_int, c_longlong, c_size_t, c_uint
from ctypes import c_void_p

SONAME = "libremit.so.0.1"
TABLE, JSON, RAW = range(3)  # enum remit_format
VERDICTS = ["deny", "ask", "allow"]  # enum remit_verdict
NOTICES = ["note", "warning", "detail", "timing"]  # enum remit_notice
Texts = POINTER(c_char_p)


class Options(ctypes.Structure):
    """struct remit_options of remit.h, field by field."""

    _fields_ = [
        ("agent", c_char_p),
        ("tool", c_char_p),
        ("workspace", c_char_p),
        ("must_name_workspace", c_bool),
        ("allow_weaker_workspace", c_bool),
        ("mode", c_char_p),
        ("policies", Texts),
        ("ceilings", Texts),
        ("grants", Texts),
        ("denies", Texts),
        ("environment", Texts),
        ("limits", Texts),
        ("publish", Texts),
        ("user", c_longlong),
        ("timeout", c_uint),
        ("strict", c_bool),
        ("timing", c_bool),
        ("level", c_int),
        ("audit", c_char_p),
        ("approve", c_char_p),
        ("approve_timeout", c_uint),
        ("remember", c_char_p),
        ("learn", c_bool),
        ("verbose", c_bool),
        ("fail_on_denial", c_bool),
        ("arguments", POINTER(c_char)),
        ("arguments_size", c_size_t),
    ]


class Error(ctypes.Structure):
    """struct remit_error."""

    _fields_ = [("message", c_char_p), ("help", c_char_p)]


Notice = ctypes.CFUNCTYPE(None, c_void_p, c_int, c_char_p)


class Refused(Exception):
    """What went wrong, and what would help."""


def texts(*items):
    """A list of texts that ends with NULL."""
    return (c_char_p * (len(items) + 1))(*map(os.fsencode, items), None)


class Remit:
    """One definition in one workspace."""

    def __init__(self, agent, workspace, **options):
        self.library = ctypes.CDLL(os.environ.get("REMIT_LIBRARY", SONAME))
        self.free = ctypes.CDLL(None).free
        self.free.argtypes = [c_void_p]
        self.options = Options()
        self.library.remit_options_init(byref(self.options))
        self.options.agent = os.fsencode(agent)
        self.options.workspace = os.fsencode(workspace)
        for name, value in options.items():
            setattr(self.options, name, value)

    def call(self, function, *arguments):
        """Calls a function that takes an error last; raises where it fails."""
        error = Error()
        result = function(byref(self.options), *arguments, byref(error))
        said = [text.decode(errors="replace") for text in (error.message, error.help) if text]
        self.library.remit_error_clear(byref(error))
        if result < 0:
            raise Refused("; ".join(said))
        return said

    def take(self, text):
        """The text, which is the caller's to free."""
        value = ctypes.string_at(text).decode(errors="replace")
        self.free(text)
        return value

    def explain(self):
        """What the definition permits, as a dictionary."""
        text = c_void_p()
        self.call(self.library.remit_explain, JSON, byref(text))
        return json.loads(self.take(text))

    def why(self, effect, target):
        """The verdict on one operation, and the reasons."""
        verdict, reasons = c_int(), c_void_p()
        self.call(self.library.remit_why, effect.encode(), os.fsencode(target), byref(verdict),
                  byref(reasons))
        return VERDICTS[verdict.value], self.take(reasons)

    def run(self, *command):
        """Runs a command confined. Returns its status and what remit had to say."""
        said, status = [], c_int()
        notice = Notice(lambda _, kind, text: said.append((NOTICES[kind], text.decode())))
        variables = (f"{name}={value}" for name, value in os.environ.items())
        said += [("error", text) for text in
                 self.call(self.library.remit_run, texts(*command), texts(*variables), notice,
                           None, byref(status))]
        return status.value, said


def main():
    if len(sys.argv) < 5:
        print(__doc__.split("\n\n")[1].strip(), file=sys.stderr)
        return 2
    definition, workspace, target, *command = sys.argv[1:]
    try:
        remit = Remit(definition, workspace)
        answer = remit.explain()
        print("allowed:", ", ".join(tool["tool"] for tool in answer["allowed"]))
        verdict, reasons = remit.why("write", target)
        print(f"write {target}: {verdict}, because\n{reasons}")
        sys.stdout.flush()  # the command writes to the same standard output
        status, said = remit.run(*command)
    except Refused as refused:
        print(f"confine.py: {refused}", file=sys.stderr)
        return 125
    for kind, text in said:
        if kind not in ("detail", "timing"):
            print(f"{kind}: {text}")
    print("status", status)
    return status


if __name__ == "__main__":
    sys.exit(main())
