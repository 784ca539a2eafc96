"""Makes the operations of a file of rows, as tests/refusals/operate.c does: operate.py ROWS >RESULTS

A row is NUMBER, WAY and an expression, with tabs between.
"""
import errno
import os
import pathlib  # noqa: F401 (for the rows)
import shutil  # noqa: F401
import socket  # noqa: F401
import subprocess  # noqa: F401
import sys

import array  # noqa: F401


def reach(host, port, kind="SOCK_STREAM"):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, getattr(socket, kind)) as one:
        one.connect((host, port))


with open(sys.argv[1], "rb") as file:
    rows = file.read().decode("utf-8", "surrogateescape").splitlines()
for row in rows:
    number, _, expression = row.split("\t", 2)
    try:
        eval(expression)
        result = "OK"
    except OSError as error:
        result = errno.errorcode[error.errno]
    print(number, os.getpid(), result, sep="\t", flush=True)
