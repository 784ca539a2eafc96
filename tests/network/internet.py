#!/usr/bin/env python3
"""An internet of one machine: name servers, web servers with and without TLS, servers that name
nobody, one that never answers. It runs in a network namespace of the test's own.

  internet.py FOLDER      FOLDER/www is served, FOLDER/certificate.pem and key.pem are the TLS
                          servers'; FOLDER/asked collects the names that were asked for,
                          FOLDER/served what the web servers were asked for; FOLDER/ready appears when
                          everything listens
"""
import ctypes
import functools
import http.server
import json
import os
import socket
import socketserver
import ssl
import struct
import sys
import threading
import time

FOLDER = sys.argv[1]
NAMES = {
    "ok.example": ["45.0.0.10"],
    "also.example": ["45.0.0.10"],
    "other.example": ["45.0.0.11"],
    "many.example": ["45.0.0.99", "45.0.0.10"],
    "both.example": ["2600::10", "45.0.0.10"],
    "six.example": ["2600::10"],
    "rebind.example": ["127.0.0.1"],
    "link.example": ["169.254.169.254"],
    "private.example": ["10.9.9.9"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "mixed.example": ["10.9.9.9", "45.0.0.10"],
    "self.example": ["45.0.0.2"],
    "silent.example": ["45.0.0.13"],
    "bare.example": ["45.0.0.11"],
    "a.wild.example": ["45.0.0.12"],
    "b.c.wild.example": ["45.0.0.12"],
    "wild.example": ["45.0.0.12"],
}
CHAIN = {"chain.example": "ok.example"}


def note(name, text):
    with open(os.path.join(FOLDER, name), "a") as log:
        log.write(text + "\n")


def labels(name):
    return b"".join(bytes([len(p)]) + p.encode() for p in name.split(".") if p) + b"\0"


def answer(message):
    identifier, flags = struct.unpack("!HH", message[:4])
    at, parts = 12, []
    while message[at]:
        parts.append(message[at + 1:at + 1 + message[at]].decode("latin-1"))
        at += 1 + message[at]
    kind = struct.unpack("!H", message[at + 1:at + 3])[0]
    question = message[12:at + 5]
    name = ".".join(parts).lower()
    note("asked", "%s %d" % (name, kind))
    records, owner = [], b"\xc0\x0c"
    known = name in NAMES or name in CHAIN or name.endswith(".wild.example")
    if name in CHAIN:
        target = labels(CHAIN[name])
        records.append(owner + struct.pack("!HHIH", 5, 1, 60, len(target)) + target)
        owner, name = target, CHAIN[name]
    for address in NAMES.get(name, ["45.0.0.12"] if known else []):
        six = ":" in address
        if kind != (28 if six else 1):
            continue
        data = socket.inet_pton(socket.AF_INET6 if six else socket.AF_INET, address)
        records.append(owner + struct.pack("!HHIH", kind, 1, 60, len(data)) + data)
    head = struct.pack("!HHHHHH", identifier, 0x8180 | (0 if known else 3), 1, len(records), 0, 0)
    return head + question + b"".join(records)


class Datagram(socketserver.BaseRequestHandler):
    def handle(self):
        data, sock = self.request
        sock.sendto(answer(data), self.client_address)


class Stream(socketserver.StreamRequestHandler):
    def handle(self):
        size = self.rfile.read(2)
        if len(size) == 2:
            text = answer(self.rfile.read(struct.unpack("!H", size)[0]))
            self.wfile.write(struct.pack("!H", len(text)) + text)


class Web(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        name = getattr(self.connection, "spoken", None)
        note("served", "%s %s %s %s" % (self.server.server_address[0], name, self.headers.get("Host") if hasattr(self, "headers") else None,
                                        getattr(self, "requestline", "")))

    def text(self, body, status=200, **headers):
        body = body if isinstance(body, bytes) else body.encode()
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):
        path, _, query = self.path.partition("?")
        if path == "/who":
            self.text(json.dumps({"host": self.headers.get("Host"), "upgrade": self.headers.get("Upgrade"),
                                  "address": self.server.server_address[0]}))
        elif path == "/redirect":
            self.text("", 302, Location=query)
        elif path == "/big":
            self.send_response(200)
            self.send_header("Content-Length", query)
            self.end_headers()
            left, block = int(query), b"x" * 65536
            while left:
                left -= self.wfile.write(block[:left])
        elif path == "/websocket":
            self.send_response(101)
            self.send_header("Upgrade", "websocket")
            self.send_header("Connection", "Upgrade")
            self.end_headers()
            self.wfile.write(b"switched:" + self.connection.recv(100))
            self.close_connection = True
        else:
            super().do_GET()

    def do_POST(self):
        size = self.headers.get("Content-Length")
        if size is not None:
            body = self.rfile.read(int(size))
        else:
            body = b""
            while True:
                length = int(self.rfile.readline().split(b";")[0], 16)
                body += self.rfile.read(length)
                self.rfile.readline()
                if not length:
                    break
        self.text("%d bytes" % len(body))


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 1024

    def handle_error(self, request, address):
        pass


class Server6(Server):
    address_family = socket.AF_INET6


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while True:
            data = self.request.recv(65536)
            if not data:
                break
            self.request.sendall(data)
        self.request.sendall(b"end")


class Banner(socketserver.BaseRequestHandler):
    """Speaks first, as ssh and databases do."""

    def handle(self):
        self.request.sendall(b"banner\r\n")
        self.request.sendall(b"heard:" + self.request.recv(100))


class Reset(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.recv(1)
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.request.detach())


def start(server):
    threading.Thread(target=server.serve_forever, daemon=True).start()


def secure(server, curve=None):
    """With `curve` clients are asked for another hello: they offer another one first."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(FOLDER, "certificate.pem"), os.path.join(FOLDER, "key.pem"))

    if curve:
        context.set_ecdh_curve(curve)

    def spoken(sock, name, _):
        sock.spoken = name
        note("spoken", str(name))
    context.sni_callback = spoken
    plain = server.finish_request

    def finish(request, address):
        try:
            request = context.wrap_socket(request, server_side=True)
        except (ssl.SSLError, OSError):
            return
        plain(request, address)
        try:
            request.unwrap()
        except (ssl.SSLError, OSError):
            pass
    server.finish_request = finish
    return server


def silent(address, port):
    """A port that drops what comes: nobody answers."""
    class Instruction(ctypes.Structure):
        _fields_ = [("code", ctypes.c_ushort), ("jt", ctypes.c_ubyte), ("jf", ctypes.c_ubyte), ("k", ctypes.c_uint32)]

    class Program(ctypes.Structure):
        _fields_ = [("size", ctypes.c_ushort), ("at", ctypes.POINTER(Instruction))]
    listener = socket.socket()
    listener.bind((address, port))
    program = Program(1, (Instruction * 1)(Instruction(6, 0, 0, 0)))
    if ctypes.CDLL(None, use_errno=True).setsockopt(listener.fileno(), socket.SOL_SOCKET, 26, ctypes.byref(program), ctypes.sizeof(program)):
        raise OSError(ctypes.get_errno(), "SO_ATTACH_FILTER")
    listener.listen(1)
    return listener


def main():
    web = functools.partial(Web, directory=os.path.join(FOLDER, "www"))
    for address in "45.0.0.10", "45.0.0.11", "45.0.0.12":
        start(Server((address, 80), web))
        start(secure(Server((address, 443), web)))
    start(secure(Server(("45.0.0.10", 8443), web), "prime256v1"))
    start(Server6(("2600::10", 80), web))
    start(secure(Server6(("2600::10", 443), web)))
    for port, handler in (7, Echo), (22, Banner), (9, Reset), (8080, web):
        start(Server(("45.0.0.10", port), handler))
    udp = socketserver.ThreadingUDPServer(("45.0.0.1", 53), Datagram)
    udp.daemon_threads = True
    start(udp)
    start(Server(("45.0.0.1", 53), Stream))
    kept = silent("45.0.0.13", 80)
    open(os.path.join(FOLDER, "ready"), "w").close()
    while kept:
        time.sleep(3600)


main()
