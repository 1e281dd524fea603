"""A WebSocket client of the standard library alone (RFC 6455): enough for one connection that carries frames."""

import base64
import hashlib
import os
import socket
import ssl
import struct
from urllib.parse import urlsplit

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Refused(Exception):
    """The server answered the upgrade with an ordinary HTTP response."""

    def __init__(self, status, body):
        super().__init__(f"HTTP {status}: {body}")
        self.status = status
        self.body = body


class Closed(Exception):
    """The connection ended."""

    def __init__(self, code, reason=""):
        super().__init__(f"closed {code} {reason}")
        self.code = code
        self.reason = reason


class WebSocket:
    def __init__(self, url, headers, timeout=15):
        parts = urlsplit(url)
        secure = parts.scheme == "wss"
        raw = socket.create_connection((parts.hostname, parts.port or (443 if secure else 80)), timeout)
        self.socket = ssl.create_default_context().wrap_socket(raw, server_hostname=parts.hostname) if secure else raw
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        key = base64.b64encode(os.urandom(16)).decode()
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = [
            f"GET {target} HTTP/1.1", f"Host: {parts.netloc}", "Upgrade: websocket", "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", *(f"{name}: {value}" for name, value in headers),
        ]
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self._read_answer(key)

    def _read_answer(self, key):
        while b"\r\n\r\n" not in self.buffer:
            self._fill()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        first, *rest = head.decode("latin-1").split("\r\n")
        status = int(first.split(" ")[1])
        headers = {line.split(":", 1)[0].strip().lower(): line.split(":", 1)[1].strip() for line in rest}
        if status != 101:
            length = int(headers.get("content-length", 0))
            while len(self.buffer) < length:
                self._fill()
            raise Refused(status, self.buffer[:length].decode("utf-8", "replace"))
        expected = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
        if headers.get("sec-websocket-accept") != expected:
            raise Closed(1002, "wrong Sec-WebSocket-Accept")

    def _fill(self):
        chunk = self.socket.recv(65536)
        if not chunk:
            raise Closed(1006, "the connection broke")
        self.buffer += chunk

    def _take(self, count):
        while len(self.buffer) < count:
            self._fill()
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def send(self, payload, opcode=BINARY):
        length = len(payload)
        head = bytes([0x80 | opcode])
        if length < 126:
            head += bytes([0x80 | length])
        elif length < 65536:
            head += struct.pack("!BH", 0x80 | 126, length)
        else:
            head += struct.pack("!BQ", 0x80 | 127, length)
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[at & 3] for at, byte in enumerate(payload))
        self.socket.sendall(head + mask + masked)

    def receive(self, timeout):
        """One whole message, or None after the timeout (in seconds). Raises Closed."""
        message = b""
        self.socket.settimeout(timeout)
        while True:
            try:
                if len(self.buffer) < 2:
                    self._fill()
                    continue
                self.socket.settimeout(15)  # What has begun to arrive is waited for.
                first, second = self._take(2)
                length = second & 127
                if length == 126:
                    length = struct.unpack("!H", self._take(2))[0]
                elif length == 127:
                    length = struct.unpack("!Q", self._take(8))[0]
                payload = self._take(length)
            except TimeoutError:
                return None
            opcode = first & 15
            if opcode == CLOSE:
                code = struct.unpack("!H", payload[:2])[0] if len(payload) >= 2 else 1005
                raise Closed(code, payload[2:].decode("utf-8", "replace"))
            if opcode == PING:
                self.send(payload, PONG)
            elif opcode != PONG:
                message += payload
                if first & 0x80:
                    return message

    def close(self, code=1000):
        try:
            self.send(struct.pack("!H", code), CLOSE)
        except OSError:
            pass  # It is closed already.
        self.socket.close()
