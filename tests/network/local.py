#!/usr/bin/env python3
"""A service of the host behind a socket file: local.py PATH"""
import os
import socket
import sys

server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o777)
server.listen()
while True:
    connection, _ = server.accept()
    connection.sendall(b"said")
    connection.close()
