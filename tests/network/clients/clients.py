#!/usr/bin/env python3
"""Clients of python: clients.py NAME ARGUMENT..."""
import asyncio
import codecs
import errno
import http.client
import socket
import ssl
import struct
import sys
import threading
import time
import urllib.request


def urllib_(url):
    context = ssl.create_default_context(cafile="ca.pem")
    print(urllib.request.urlopen(url, context=context).read().decode())


def asyncio_(host, count):
    async def one():
        reader, writer = await asyncio.open_connection(host, 80)
        writer.write(b"GET /who HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % host.encode())
        text = await reader.read()
        writer.close()
        return b'"host"' in text

    async def all_of_them():
        return await asyncio.gather(*[one() for _ in range(int(count))])
    print("%d of %s" % (sum(asyncio.run(all_of_them())), count))


def refuses(host, port):
    """What a server that refuses comes to: waiting, and not."""
    found = []
    try:
        socket.create_connection((host, int(port)))
    except OSError as error:
        found.append(str(error.errno))
    try:
        asyncio.run(asyncio.wait_for(asyncio.open_connection(host, int(port)), 5))
    except OSError as error:
        found.append(str(error.errno))
    print("refused " + " ".join(found))


def second(host, name):
    connection = http.client.HTTPConnection(host)
    for spoken in host, name:
        connection.request("GET", "/who", headers={"Host": spoken})
        print(connection.getresponse().read().decode(), end=" ")


def hello(name):
    """What a client says first, as bytes."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = context.wrap_bio(incoming, outgoing, server_hostname=name or None)
    try:
        session.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def split_tls(host, name):
    """A hello in small packets, in records of 40 bytes."""
    record = hello(name)
    message, version = record[5:], record[1:3]
    connection = socket.create_connection((host, 443))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for at in range(0, len(message), 40):
        part = message[at:at + 40]
        packet = b"\x16" + version + struct.pack("!H", len(part)) + part
        connection.sendall(packet[:7])
        time.sleep(0.002)
        connection.sendall(packet[7:])
    answer = connection.recv(10)
    print("reached" if answer[:1] == b"\x16" else "answered %r" % answer)


def retry(host, name):
    """Another hello where the server asks for one: `name` is spoken in that only."""
    try:
        socket.getaddrinfo(name, 8443)
    except OSError:
        pass
    connection = socket.create_connection((host, 8443))
    connection.sendall(hello(host))
    answer = connection.recv(16384)
    retried = answer[11:13] == b"\xcf\x21"
    connection.sendall(b"\x14\x03\x03\x00\x01\x01" + hello(name))
    print("retried" if retried else "not retried", "answered" if connection.recv(1) else "ended")


def split_http(host, name):
    connection = socket.create_connection((host, 80))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in b"GET /who HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % name.encode():
        connection.sendall(bytes([byte]))
        time.sleep(0.001)
    print(read(connection))


def read(connection):
    text = b""
    while True:
        part = connection.recv(65536)
        if not part:
            return text.decode("latin-1")
        text += part


def raw(host, port, text):
    connection = socket.create_connection((host, int(port)))
    connection.sendall(codecs.decode(text, "unicode_escape").encode())
    connection.settimeout(5)
    print(read(connection))


def websocket(host):
    connection = socket.create_connection((host, 80))
    connection.sendall(b"GET /websocket HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n" % host.encode())
    text = b""
    while b"\r\n\r\n" not in text:
        text += connection.recv(1)
    connection.sendall(b"anything")
    print(read(connection))


def question(name, kind=1):
    labels = b"".join(bytes([len(p)]) + p.encode() for p in name.split("."))
    return struct.pack("!HHHHHH", 7, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", kind, 1)


def ask(server, name):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(3)
    sock.sendto(question(name), (server, 53))
    print(socket.inet_ntoa(sock.recv(512)[-4:]))


def ask_tcp(server, name):
    sock = socket.create_connection((server, 53))
    text = question(name)
    sock.sendall(struct.pack("!H", len(text)))
    time.sleep(0.05)
    sock.sendall(text)
    print(socket.inet_ntoa(sock.recv(514)[-4:]))


def lookups(domain, count):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(3)
    found = 0
    for number in range(int(count)):
        sock.sendto(question("n%d.%s" % (number, domain)), ("127.0.0.1", 53))
        found += sock.recv(512)[7] > 0
    print("found %d" % found)


def local(path):
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(path)
    print(sock.recv(10).decode())


def half_close(host):
    connection = socket.create_connection((host, 7))
    connection.sendall(b"hello")
    connection.shutdown(socket.SHUT_WR)
    print(read(connection))


def reset(host):
    connection = socket.create_connection((host, 9))
    connection.sendall(b"x")
    try:
        print(read(connection))
    except OSError as error:
        print("reset %d" % error.errno)


def hold(host, count):
    """Many connections that wait."""
    kept = [socket.create_connection((host, 80)) for _ in range(int(count))]
    print("held %d" % len(kept), flush=True)
    time.sleep(30)


def slow(host, size):
    connection = socket.create_connection((host, 80))
    connection.sendall(b"GET /big?%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % (size.encode(), host.encode()))
    time.sleep(1)
    asyncio_(host, "20")
    print("slow %d" % len(read(connection).partition("\r\n\r\n")[2]))


def deaf(host):
    """A socket signs its packets (RFC 2385), so that nobody answers them: others do not wait for it."""
    connection = socket.socket()
    relay = struct.pack("=HH4s120x", socket.AF_INET, 0, bytes([127, 0, 0, 1]))
    connection.setsockopt(socket.IPPROTO_TCP, 14, relay + struct.pack("=BBHI80s", 0, 0, 3, 0, b"key"))
    thread = threading.Thread(target=connection.connect_ex, args=((host, 80),), daemon=True)
    begin = time.monotonic()
    thread.start()
    time.sleep(0.1)
    asyncio_(host, "20")
    thread.join(10)
    print("deaf %s" % ("ended" if time.monotonic() - begin < 5 else "hangs"))


NAMES = {"urllib": urllib_, "asyncio": asyncio_, "refuses": refuses, "second": second, "split-tls": split_tls, "retry": retry,
         "split-http": split_http, "raw": raw, "websocket": websocket, "ask": ask, "ask-tcp": ask_tcp,
         "lookups": lookups, "local": local, "half-close": half_close, "reset": reset, "slow": slow, "deaf": deaf, "hold": hold}
try:
    NAMES[sys.argv[1]](*sys.argv[2:])
except (OSError, http.client.HTTPException) as problem:
    print("%s: %s" % (type(problem).__name__, problem))
    sys.exit(1)
