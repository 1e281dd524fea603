"""Ids and the clock of the Parley protocol (docs/PROTOCOL.md, section 5)."""

import hashlib
import secrets
import time

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
NAMESPACE = "5f0d3c1e-7a54-4f5b-9c3a-2f6f1d8e4b90"


def device_clock_ms():
    return time.time_ns() // 1_000_000


class ServerClock:
    """The server's time as this device knows it."""

    def __init__(self):
        self.offset_ms = 0

    def now_ms(self):
        return device_clock_ms() + self.offset_ms

    def hello(self, server_time_ms):
        self.offset_ms = server_time_ms - device_clock_ms()

    def pong(self, client_time_ms, server_time_ms):
        self.offset_ms = server_time_ms - (client_time_ms + device_clock_ms()) // 2


def make_ulid(time_ms):
    number = (time_ms << 80) | secrets.randbits(80)
    return "".join(ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))


def ulid_time_ms(ulid):
    number = 0
    for char in ulid[:10]:
        number = number * 32 + ALPHABET.index(char)
    return number


def direct_conversation_id(one, other):
    name = ":".join(sorted([one.lower(), other.lower()]))
    digest = bytearray(hashlib.sha1(bytes.fromhex(NAMESPACE.replace("-", "")) + name.encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return "-".join([text[:8], text[8:12], text[12:16], text[16:20], text[20:]])
