"""Frames of the Parley protocol as bytes, written from docs/PROTOCOL.md alone: no Avro library, no schema files."""

import base64

MESSAGE_TYPE = ["text", "image", "video", "audio", "document", "edit", "delete", "reaction", "mls", "system"]
MLS_KIND = ["commit", "proposal", "welcome", "unusable"]
SYSTEM_KIND = [
    "created", "added", "joined_by_link", "removed", "left", "promoted", "demoted", "renamed", "described", "pictured",
    "who_may_send", "who_may_edit", "timer", "changed", "keys_renewed",
]
MARK_KIND = ["pinned", "archived", "muted", "unread", "cleared"]
KEY_KIND = ["prekey", "key_package"]
MEMBER_ROLE = ["member", "admin"]
CONVERSATION_TYPE = ["one_on_one", "group"]
RECEIPT_KIND = ["delivered", "read"]
PRESENCE_STATUS = ["online", "offline"]
RESYNC_REASON = ["slow_device", "session_renewed"]
TYPING_KIND = ["writing", "recording", "stopped"]


class Nullable:
    def __init__(self, inner):
        self.inner = inner


class Array:
    def __init__(self, item):
        self.item = item


STRING, BYTES, INT, LONG, BOOLEAN = "string", "bytes", "int", "long", "boolean"

SYSTEM_CHANGE = [("kind", SYSTEM_KIND), ("actor_id", STRING), ("user_ids", Array(STRING)), ("text", Nullable(STRING))]
MLS_HEADER = [
    ("kind", MLS_KIND), ("group_id", BYTES), ("generation", LONG), ("epoch", LONG), ("after_seq", LONG),
    ("recipient_id", Nullable(STRING)),
]
WIRE_MESSAGE = [
    ("conversation_id", STRING), ("seq", LONG), ("ordinal", LONG), ("message_id", STRING), ("sender_id", STRING),
    ("sender_device_id", STRING), ("message_type", MESSAGE_TYPE), ("encrypted_body", BYTES),
    ("preview", Nullable(STRING)), ("media_url", Nullable(STRING)), ("thumbnail_url", Nullable(STRING)),
    ("reply_to", Nullable(STRING)), ("target_id", Nullable(STRING)), ("at_ms", LONG),
    ("system", Nullable(tuple(SYSTEM_CHANGE))), ("expires_at_ms", Nullable(LONG)), ("mls", Nullable(tuple(MLS_HEADER))),
]
LIMITS = [
    ("max_frame_bytes", INT), ("max_body_bytes", INT), ("max_preview_chars", INT), ("max_page_entries", INT),
    ("max_inbox_entries", INT), ("max_watched", INT), ("live_window", INT), ("messages_per_minute", INT),
    ("message_id_window_ms", INT),
]
INBOX_MARK = [("kind", MARK_KIND), ("value", LONG), ("version", LONG)]
INBOX_ENTRY = [
    ("conversation_id", STRING), ("conversation_type", CONVERSATION_TYPE), ("other_user_id", Nullable(STRING)),
    ("group_id", Nullable(STRING)), ("last_message_preview", Nullable(STRING)), ("last_message_at_ms", Nullable(LONG)),
    ("last_seq", LONG), ("read_seq", LONG), ("unread_count", INT), ("left_seq", Nullable(LONG)),
    ("last_ordinal", LONG), ("seen_ordinal", LONG), ("marks", Array(tuple(INBOX_MARK))),
]
LISTED_MEMBER = [("user_id", STRING), ("role", MEMBER_ROLE), ("joined_seq", LONG), ("left_seq", Nullable(LONG))]
MEMBER_RECEIPT = [
    ("user_id", STRING), ("delivered_seq", LONG), ("read_seq", LONG), ("delivered_at_ms", Nullable(LONG)),
    ("read_at_ms", Nullable(LONG)), ("joined_seq", LONG),
]

# code: (name, fields); 1 to 63 are sent by clients, the others by servers
FRAMES = {
    1: ("send", [
        ("conversation_id", STRING), ("peer_id", Nullable(STRING)), ("message_id", STRING),
        ("message_type", MESSAGE_TYPE), ("encrypted_body", BYTES), ("preview", Nullable(STRING)),
        ("media_url", Nullable(STRING)), ("thumbnail_url", Nullable(STRING)), ("reply_to", Nullable(STRING)),
        ("target_id", Nullable(STRING)), ("timer_seconds", INT), ("mls", Nullable(tuple(MLS_HEADER))),
    ]),
    2: ("delivered", [("conversation_id", STRING), ("seq", LONG)]),
    3: ("read", [("conversation_id", STRING), ("seq", LONG), ("message_id", STRING)]),
    4: ("inbox", [("request_id", INT), ("after", Nullable(STRING)), ("limit", INT)]),
    5: ("fetch", [
        ("request_id", INT), ("conversation_id", STRING), ("after_seq", LONG), ("after_at_ms", LONG), ("limit", INT),
    ]),
    6: ("history", [
        ("request_id", INT), ("conversation_id", STRING), ("before_seq", LONG), ("before_at_ms", LONG), ("limit", INT),
    ]),
    7: ("receipt_query", [("request_id", INT), ("conversation_id", STRING), ("seq", LONG)]),
    8: ("watch", [("request_id", INT), ("user_ids", Array(STRING))]),
    9: ("unwatch", [("request_id", INT), ("user_ids", Array(STRING))]),
    10: ("ping", [("client_time_ms", LONG)]),
    11: ("mark", [
        ("request_id", INT), ("conversation_id", STRING), ("kind", MARK_KIND), ("value", LONG),
        ("message_id", Nullable(STRING)),
    ]),
    12: ("around", [
        ("request_id", INT), ("conversation_id", STRING), ("message_id", Nullable(STRING)), ("before", INT),
        ("after", INT), ("media_only", BOOLEAN),
    ]),
    13: ("members", [("request_id", INT), ("conversation_id", STRING), ("at_seq", LONG), ("at_ms", LONG)]),
    14: ("typing", [("conversation_id", STRING), ("kind", TYPING_KIND)]),
    16: ("withheld", [
        ("request_id", INT), ("conversation_id", STRING), ("before", Nullable(STRING)), ("limit", INT),
    ]),
    64: ("hello", [
        ("connection_id", LONG), ("user_id", STRING), ("device_id", STRING), ("gateway_id", STRING),
        ("server_time_ms", LONG), ("heartbeat_interval_ms", INT), ("heartbeat_timeout_ms", INT), ("rules_version", INT),
        ("limits", tuple(LIMITS)),
    ]),
    65: ("appended", [("conversation_id", STRING), ("message_id", STRING)]),
    66: ("accepted", [
        ("conversation_id", STRING), ("message_id", STRING), ("seq", LONG), ("ordinal", LONG), ("at_ms", LONG),
    ]),
    67: ("refused", [("conversation_id", STRING), ("message_id", STRING), ("code", STRING)]),
    68: ("message", [("message", tuple(WIRE_MESSAGE))]),
    69: ("inbox_page", [
        ("request_id", INT), ("entries", Array(tuple(INBOX_ENTRY))), ("next", Nullable(STRING)),
    ]),
    70: ("page", [
        ("request_id", INT), ("conversation_id", STRING), ("covered_from", LONG), ("covered_to", LONG),
        ("covered_to_at_ms", LONG), ("last_seq", LONG), ("more", BOOLEAN), ("messages", Array(tuple(WIRE_MESSAGE))),
    ]),
    71: ("receipt", [
        ("conversation_id", STRING), ("user_id", STRING), ("kind", RECEIPT_KIND), ("seq", LONG), ("at_ms", LONG),
    ]),
    72: ("receipt_aggregate", [("conversation_id", STRING), ("kind", RECEIPT_KIND), ("seq", LONG), ("at_ms", LONG)]),
    73: ("receipt_list", [
        ("request_id", INT), ("conversation_id", STRING), ("members", Array(tuple(MEMBER_RECEIPT))),
    ]),
    74: ("presence", [("user_id", STRING), ("status", PRESENCE_STATUS), ("last_seen_ms", Nullable(LONG))]),
    75: ("pong", [("client_time_ms", LONG), ("server_time_ms", LONG)]),
    76: ("error", [
        ("code", STRING), ("message", STRING), ("request_id", Nullable(INT)), ("message_id", Nullable(STRING)),
        ("retry_after_ms", Nullable(INT)),
    ]),
    77: ("go_away", [("reason", STRING), ("reconnect_after_ms", INT)]),
    78: ("resync", [("reason", RESYNC_REASON)]),
    79: ("inbox_update", [("request_id", Nullable(INT)), ("entry", tuple(INBOX_ENTRY))]),
    80: ("member_list", [
        ("request_id", INT), ("conversation_id", STRING), ("at_seq", LONG), ("members", Array(tuple(LISTED_MEMBER))),
    ]),
    81: ("member_typing", [
        ("conversation_id", STRING), ("user_id", STRING), ("kind", TYPING_KIND), ("for_ms", INT),
    ]),
    83: ("keys_low", [("kind", KEY_KIND), ("held", INT)]),
    84: ("identity_changed", [("user_id", STRING), ("identity_version", LONG)]),
}
CODES = {name: code for code, (name, _) in FRAMES.items()}


class Malformed(Exception):
    """The bytes are not exactly one frame."""


def encode_frame(name, **fields):
    """A frame as bytes; fields that may be null and are left out are null."""
    out = bytearray([CODES[name]])
    _write(out, tuple(FRAMES[CODES[name]][1]), fields)
    return bytes(out)


def _write(out, kind, value):
    if isinstance(kind, tuple):
        for name, inner in kind:
            _write(out, inner, value.get(name) if isinstance(inner, Nullable) else value[name])
    elif isinstance(kind, list):
        _write_long(out, kind.index(value))
    elif isinstance(kind, Nullable):
        _write_long(out, 0 if value is None else 1)
        if value is not None:
            _write(out, kind.inner, value)
    elif isinstance(kind, Array):
        if value:
            _write_long(out, len(value))
            for item in value:
                _write(out, kind.item, item)
        _write_long(out, 0)
    elif kind == STRING:
        _write(out, BYTES, value.encode("utf-8"))
    elif kind == BYTES:
        _write_long(out, len(value))
        out += value
    elif kind == BOOLEAN:
        out.append(1 if value else 0)
    else:
        _write_long(out, value)


def _write_long(out, number):
    rest = number * 2 if number >= 0 else -number * 2 - 1
    while rest >= 128:
        out.append(rest % 128 + 128)
        rest //= 128
    out.append(rest)


def decode_frame(data):
    """The frame's name and its fields; None as the name of a frame that this client does not know."""
    if not data:
        raise Malformed("empty")
    if data[0] not in FRAMES:
        return None, {}
    name, fields = FRAMES[data[0]]
    value, at = _read(data, 1, tuple(fields))
    if at != len(data):
        raise Malformed("trailing bytes")
    return name, value


def _read(data, at, kind):
    if isinstance(kind, tuple):
        record = {}
        for name, inner in kind:
            record[name], at = _read(data, at, inner)
        return record, at
    if isinstance(kind, list):
        index, at = _read_long(data, at)
        if not 0 <= index < len(kind):
            raise Malformed("no such symbol")
        return kind[index], at
    if isinstance(kind, Nullable):
        index, at = _read_long(data, at)
        if index not in (0, 1):
            raise Malformed("no such branch")
        return (None, at) if index == 0 else _read(data, at, kind.inner)
    if isinstance(kind, Array):
        return _read_array(data, at, kind.item)
    if kind == STRING:
        value, at = _read(data, at, BYTES)
        try:
            return value.decode("utf-8"), at
        except UnicodeDecodeError as error:
            raise Malformed("not UTF-8") from error
    if kind == BYTES:
        length, at = _read_long(data, at)
        if not 0 <= length <= len(data) - at:
            raise Malformed("truncated")
        return bytes(data[at:at + length]), at + length
    if kind == BOOLEAN:
        if at >= len(data) or data[at] > 1:
            raise Malformed("not a boolean")
        return data[at] == 1, at + 1
    number, at = _read_long(data, at)
    low, high = (-2**31, 2**31 - 1) if kind == INT else (-2**52, 2**53 - 2)
    if not low <= number <= high:
        raise Malformed("out of range")
    return number, at


def _read_array(data, at, item):
    items = []
    while True:
        count, at = _read_long(data, at)
        if count == 0:
            return items, at
        size = None
        if count < 0:
            count = -count
            size, at = _read_long(data, at)
        start = at
        if count > len(data) - at:
            raise Malformed("more items than bytes")
        for _ in range(count):
            value, at = _read(data, at, item)
            items.append(value)
        if size not in (None, at - start):
            raise Malformed("block size differs from the block")


def _read_long(data, at):
    number = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise Malformed("truncated")
        byte = data[at]
        at += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return (number // 2 if number % 2 == 0 else -(number + 1) // 2), at
    raise Malformed("out of range")


def to_json(name, fields):
    """The JSON form as an object: the frame's name as a member, bytes in base64."""
    return {"frame": name, **_to_json(fields)}


def _to_json(value):
    if isinstance(value, dict):
        return {key: _to_json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_to_json(item) for item in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return value


def from_json(value):
    """The name and fields of a frame in its JSON form."""
    members = dict(value)
    name = members.pop("frame")
    return name, _from_json(tuple(FRAMES[CODES[name]][1]), members)


def _from_json(kind, value):
    if isinstance(kind, tuple):
        return {name: _from_json(inner, value.get(name)) for name, inner in kind}
    if isinstance(kind, Nullable):
        return None if value is None else _from_json(kind.inner, value)
    if isinstance(kind, Array):
        return [_from_json(kind.item, item) for item in value]
    return base64.b64decode(value, validate=True) if kind == BYTES else value
