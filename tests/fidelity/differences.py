"""Where a run inside is meant to differ from one outside: each with its reason.

An entry is (name, operation, outside, inside, reason): expressions that match the whole of an
operation's call, of its result outside and inside. How often each was met is printed, so that an
entry which is needed no more, or too often, is seen. What differs and is not here is a failure."""
import re

# Stands before what is done in a folder that was removed.
REMOVED = "removed: "
# What ends that: where there was no way back, the process stands there until it goes elsewhere.
LEFT = re.compile(r"\} back = 0|\} not here|(\d+ )?f?chdir!?\(.*\) = 0")
# Stands before times in a sequence in which no descriptor was free.
FULL = "full: "
ERROR = "E[A-Z0-9]+"
TABLE = [
    ("entries of /proc", r'.*(unlink|rmdir|rename|link|symlink).*"(/proc|/dev/fd)/([^"]*/)?(-?\d+|cwd)/?".*',
     ERROR, "EACCES|EROFS|EBUSY",
     "they cannot be removed or replaced anywhere; which error says so depends on the mount"),
    ("an entry of /proc renamed to itself", r'.*rename.*"(/proc|/dev/fd)/.*"(/proc|/dev/fd)/.*',
     "0", "EACCES|EROFS|EBUSY", "outside nothing is done and called a success"),
    ("a name below a descriptor's link", r'.*"(/proc|/dev/fd)/[^"]*/.*', ERROR, "EROFS",
     "of a folder that was removed: which error says so"),
    ("attributes of a folder that was removed", REMOVED + ".*", "0|" + ERROR, "EROFS",
     "a process that stands in it may change them; the broker finds it by no path, nor what lies beside it "
     "where a folder above may not be searched"),
    ("a name in a folder that was removed", REMOVED + ".*", ERROR, "ENOENT", "which error says so"),
    ("a name in a folder that was removed, by descriptor", r'.*at2?!?\(slot\d, ".*', "EACCES", "ENOENT",
     "the same, where it may not be searched"),
    ("the time of a folder in which a file was made for which no descriptor was free",
     FULL + ".*", ".*", ".*", "it is made, cannot be handed over, and is removed again"),
    ("the name of a socket", r".*getsockname.*", ".*", ".*",
     "with a link on its way it has its last name: bind(2) would follow the text once more"),
    ("a rename of or to a folder that was removed", r'.*rename[a-z0-9]*!?\(.*"\.{1,2}/*"[,)].*',
     "EBUSY|EEXIST", "ENOENT", "which error says so"),
    ("attributes by descriptor of what has no name any more",
     r".*(fchmod|fchown|fsetxattr|fremovexattr|futimens|utimensat)!?\(slot\d.*|"
     r'.*(fchmodat2?|fchownat|setxattrat|removexattrat)!?\(slot\d, "\./*".*|'
     r'.*(access|chmod|chown|xattr|utime)[a-z0-9]*!?\(.*"(/proc/(self|thread-self)|/dev)/fd/\d+".*', ".*", "EROFS",
     "opened for reading, it is held by the tool's own mount, and the broker finds it by no path"),
    ("a file without a name, opened once more", r'.*(open|creat).*"(/proc/(self|thread-self)|/dev)/fd/\d+".*', ".*links=0 .*",
     "EROFS", "it was opened for reading, and has no name by which the broker could open it for writing"),
    ("a link from a descriptor", r'.*linkat.*AT_(EMPTY_PATH|BOTH)\)|.*O_TMPFILE\(.* as .*', ERROR, ERROR,
     "the kernel asks who opened it (Linux 6.10), and the broker did: which error says so"),
    ("a link from beside a descriptor", r'.*linkat.*\(slot\d, "[^"].*AT_(EMPTY_PATH|BOTH)\)', "ENOENT", "0",
     "the same: with AT_EMPTY_PATH the kernel (Linux 6.10) asks who opened the folder, also where a name follows"),
    ("a link of /proc that was held while it ended", r".*fstat\(slot\d\)", '0 120700 .*"/proc/[^"{]*"',
     '0 120700 .*"/proc/[^"]*\\(deleted\\)"',
     "what is shown of it depends on whether somebody looked it up meanwhile"),
    ("a link from a descriptor, and one more",
     r".*O_TMPFILE\(.* = E[A-Z0-9]+ as .*", ".*", ".*", "the same, tried in two ways"),
    ("ids that the tool's namespace does not have", r".*chown.*foreign.*", "EPERM", "EINVAL",
     "a user namespace has the caller's id and no other; the kernel cannot express them"),
]

# What comes behind one of these differs because of it, and is not compared.
ENDS = {"a file without a name, opened once more", "attributes of a folder that was removed",
        "a link from beside a descriptor",
        "attributes by descriptor of what has no name any more"}

# In these, the result is part of what is matched as the call.
WHOLE = {"the time of a folder in which a file was made for which no descriptor was free",
         "the name of a socket", "a link from a descriptor, and one more"}

COMPILED = [(name, re.compile(call), re.compile(outside), re.compile(inside))
            for name, call, outside, inside, _ in TABLE]


def divide(line):
    """A line of the log as (call, result)."""
    call, _, result = line.rpartition(" = ")
    return (call, result.strip()) if call else (line, "")


def name_of(outside, inside):
    """The entry that permits these two lines to differ, or None."""
    call, result = divide(outside)
    call_inside, result_inside = divide(inside)
    for name, pattern, left, right in COMPILED:
        if call != call_inside and name not in WHOLE:
            continue
        if pattern.fullmatch(call) and left.fullmatch(result) and right.fullmatch(result_inside):
            return name
    return None
