"""What a folder's path means, right after files were made in it: kept.py FOLDER [ABOVE]

Each case makes some files in a folder, changes what stands at the folder's path, and makes one more
by the same path. Prints where that one came to stand, or why it did not. All within milliseconds:
whoever remembers folders is asked for the old one.

With ABOVE, a folder outside the project that is the process's own: prints how often a file could be
made in FOLDER while ABOVE could not be searched, and how often while it could."""

import errno
import os
import signal
import sys
import threading

MANY = 4


def make(path, flags=os.O_CREAT | os.O_EXCL, folder=None):
    os.close(os.open(path, flags | os.O_WRONLY, 0o644, dir_fd=folder))


def fill(folder):
    os.mkdir(folder)
    for number in range(MANY):
        make(f"{folder}/{number}")


def outcome(deed, *arguments, **names):
    try:
        deed(*arguments, **names)
        return "done"
    except OSError as error:
        return errno.errorcode[error.errno]


def holders(name):
    """The folders in which the name stands."""
    return " ".join(sorted(place for place, _, files in os.walk(".") if name in files)) or "-"


def moved():
    fill("a")
    os.rename("a", "b")
    return outcome(make, "a/new")


def replaced():
    fill("a")
    os.rename("a", "b")
    os.mkdir("a")
    return outcome(make, "a/new")


def moved_above():
    os.mkdir("top")
    fill("top/a")
    os.rename("top", "other")
    os.makedirs("top/a")
    return outcome(make, "top/a/new")


def removed():
    os.mkdir("a")
    for number in range(MANY):
        make(f"a/{number}")
        os.unlink(f"a/{number}")
    os.rmdir("a")
    return outcome(make, "a/new")


def made_anew():
    removed()
    os.mkdir("a")
    return outcome(make, "a/new")


def called_deleted():
    """The kernel calls a folder that was removed by a name that another may have."""
    os.mkdir("a")
    os.mkdir("a (deleted)")
    for number in range(MANY):
        make(f"a (deleted)/{number}")
        make(f"a/{number}")
        os.unlink(f"a/{number}")
    os.rmdir("a")
    return outcome(make, "a/new") + " " + outcome(make, "a (deleted)/new")


def linked():
    fill("a")
    os.rename("a", "b")
    os.symlink("b", "a")
    return outcome(make, "a/new")


def linked_elsewhere():
    fill("a")
    os.mkdir("c")
    os.rename("a", "b")
    os.symlink("c", "a")
    return outcome(make, "a/new") + " " + outcome(os.utime, "a/0")


def exchanged():
    """By the name of another folder, each time."""
    fill("a")
    fill("b")
    os.rename("a", "c")
    os.rename("b", "a")
    os.rename("c", "b")
    return outcome(make, "a/new")


def not_searched():
    os.mkdir("top")
    fill("top/a")
    os.chmod("top", 0)
    result = outcome(make, "top/a/new") + " " + outcome(os.utime, "top/a/0")
    os.chmod("top", 0o755)
    return result


def not_searched_by_thread():
    """By another thread, and its descriptor."""
    os.mkdir("top")
    fill("top/a")
    top = os.open("top", os.O_RDONLY)
    thread = threading.Thread(target=os.fchmod, args=(top, 0))
    thread.start()
    thread.join()
    result = outcome(make, "top/a/new")
    os.fchmod(top, 0o755)
    return result


def from_descriptor():
    """The descriptor stays with the folder, whatever is called so."""
    fill("a")
    held = os.open("a", os.O_RDONLY | os.O_DIRECTORY)
    for number in range(MANY):
        make(f"d{number}", folder=held)
    os.rename("a", "b")
    os.mkdir("a")
    return outcome(make, "new", folder=held)


def from_removed_descriptor():
    os.mkdir("a")
    held = os.open("a", os.O_RDONLY | os.O_DIRECTORY)
    for number in range(MANY):
        make(f"d{number}", folder=held)
        os.unlink(f"a/d{number}")
    os.rmdir("a")
    os.mkdir("a")
    return outcome(make, "new", folder=held)


def from_link():
    """A link is no folder to start at, though one of its name was."""
    fill("a")
    os.rename("a", "b")
    os.symlink("b", "a")
    held = os.open("a", os.O_PATH | os.O_NOFOLLOW)
    return outcome(make, "new", folder=held)


def other_folder():
    """The same text from another folder."""
    os.mkdir("x")
    fill("a")
    fill("x/a")
    for number in range(MANY):
        make(f"a/more{number}")
    os.chdir("x")
    result = outcome(make, "a/new")
    os.chdir("..")
    return result


def what_stands_there():
    fill("a")
    os.symlink("missing", "a/dangling")
    os.symlink("0", "a/link")
    os.mkdir("a/folder")
    plain = os.O_CREAT
    return " ".join(
        (
            outcome(make, "a/0"),
            outcome(make, "a/0", plain),
            outcome(make, "a/dangling"),
            outcome(make, "a/dangling", plain | os.O_NOFOLLOW),
            outcome(make, "a/link", plain | os.O_NOFOLLOW),
            outcome(make, "a/folder", plain),
            outcome(make, "a/folder"),
            outcome(make, "a/new/", plain),
            outcome(make, "a/" + "n" * 256, plain),
            outcome(make, "a/dangling", plain),
            str(os.path.exists("a/missing")),
        )
    )


def masks():
    """Each file has the mask of its own moment, also of a child's."""
    result = []
    os.mkdir("a")
    for number, mask in enumerate((0o22, 0o77, 0, 0o27, 0o27)):
        os.umask(mask)
        make(f"a/{number}")
        child = os.fork()
        if child == 0:
            os.umask(0o777 - mask)
            make(f"a/child{number}")
            os._exit(0)
        os.waitpid(child, 0)
        make(f"a/after{number}")
        for name in ("", "child", "after"):
            result.append(f"{os.stat(f'a/{name}{number}').st_mode & 0o777:o}")
    os.umask(0o22)
    return " ".join(result)


def attributes():
    fill("a")
    os.symlink("0", "a/link")
    os.symlink("missing", "a/dangling")
    os.link("a/1", "a/second")
    result = [
        outcome(os.chmod, "a/link", 0o600),
        outcome(os.chmod, "a/dangling", 0o600),
        outcome(os.chmod, "a/second", 0o640),
        outcome(os.truncate, "a/2", 10),
        outcome(os.truncate, "a", 10),
        outcome(os.utime, "a/link", (1, 2), follow_symlinks=False),
        outcome(os.utime, "a/0/", (1, 2)),
        outcome(os.utime, "a/.", (1, 2)),
        outcome(os.setxattr, "a/3", "user.name", b"value"),
    ]
    for name in ("0", "1", "2", "link"):
        status = os.lstat(f"a/{name}")
        result.append(f"{status.st_mode:o}:{status.st_size}:{int(status.st_mtime) == 2}")
    return " ".join(result)


CASES = (
    moved,
    replaced,
    moved_above,
    removed,
    made_anew,
    called_deleted,
    linked,
    linked_elsewhere,
    exchanged,
    not_searched,
    not_searched_by_thread,
    from_descriptor,
    from_removed_descriptor,
    from_link,
    other_folder,
    what_stands_there,
    masks,
    attributes,
)

def makes_others(folder):
    """A child that makes files there all the time, so that the folder is found again and again."""
    child = os.fork()
    while child == 0:
        try:
            make(f"{folder}/other{os.getpid()}")
            os.unlink(f"{folder}/other{os.getpid()}")
        except OSError:
            pass
    return child


def closed_above(folder, above):
    wrong = right = 0
    children = [makes_others(folder) for _ in range(2)]
    for number in range(300):
        os.chmod(above, 0)
        wrong += outcome(make, f"{folder}/wrong{number}") == "done"
        os.chmod(above, 0o755)
        right += outcome(make, f"{folder}/right{number}") == "done"
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return f"{wrong} while it is closed, {right} while it is open"


if len(sys.argv) > 2:
    print(closed_above(sys.argv[1], sys.argv[2]))
    sys.exit()

os.chdir(sys.argv[1])
os.umask(0o22)
for case in CASES:
    os.mkdir(case.__name__)
    os.chdir(case.__name__)
    print(f"{case.__name__}: {case()}; new in {holders('new')}")
    os.chdir("..")
