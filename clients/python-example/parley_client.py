"""One device of Parley: connects, sends until the verdict, syncs, acknowledges (docs/PROTOCOL.md, sections 1 to 10)."""

import json
import os
import random
import time
import urllib.error
import urllib.request

from parley_frames import decode_frame, encode_frame
from parley_ids import ServerClock, device_clock_ms, direct_conversation_id, make_ulid, ulid_time_ms
from websocket import Closed, Refused, WebSocket

DO_NOT_COME_BACK = {"device_revoked", "superseded", "too_many_errors"}
STALE_ID_MS = 20_000
MAX_OPEN_REQUESTS = 4


class ApiError(Exception):
    def __init__(self, status, error):
        super().__init__(f"HTTP {status}: {error}")
        self.code = error.get("code", "internal")


def post(url, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=15) as answer:
            return json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as error:
        try:
            told = json.loads(error.read())["error"]
        except (ValueError, KeyError):
            told = {}
        raise ApiError(error.code, told) from error


class State:
    """What must survive: written to a new file that takes the place of the old one."""

    def __init__(self, path):
        self.path = path
        self.data = {"tokens": None, "api": None, "cursors": {}, "outbox": []}
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                self.data = json.load(file)

    def save(self):
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            json.dump(self.data, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.replace(self.path + ".new", self.path)

    def cursor(self, conversation_id):
        return self.data["cursors"].get(conversation_id, [0, 0])


class Client:
    """One device. `on_message` gets every message once, in the order of its conversation."""

    def __init__(
        self, gateway, state, on_message=lambda message: None, on_verdict=lambda message_id, verdict: None, reads=False
    ):
        self.gateway = gateway
        self.state = state
        self.reads = reads  # Whether somebody looks at the messages as they come.
        self.on_message = on_message
        self.on_verdict = on_verdict
        self.clock = ServerClock()
        self.buffers = {}
        self.requests = {}
        self.waiting = []
        self.last_request_id = 0
        self.sent_at = {}
        self.accepted_at = {}  # Conversation and seq, by message id.
        self.receipts = {}  # The highest seq that was told, by conversation, member and kind.
        self.socket = None

    # --- connecting (sections 2, 4 and 14)

    def token(self, renew):
        tokens = self.state.data["tokens"]
        if renew or tokens["access_expires_at_ms"] - 30_000 < device_clock_ms():
            url = self.state.data["api"] + "/v1/tokens/refresh"
            self.state.data["tokens"] = post(url, {"refresh_token": tokens["refresh_token"]})
            self.state.save()
        return self.state.data["tokens"]["access_token"]

    def run(self, until, timeout_s=60):
        """Keeps a connection until `until()` says so; True if it did before the timeout."""
        deadline = time.monotonic() + timeout_s
        attempt, renew = 0, False
        while not until():
            try:
                self.connect(renew)
                attempt, renew = 0, False
                self.session(until, deadline)
            except Refused as refusal:
                renew = refusal.status == 401
            except Closed as closed:
                if closed.reason in DO_NOT_COME_BACK:
                    raise
                renew = closed.reason == "unauthenticated"
            except OSError:
                pass  # The network: come back like after any other loss.
            finally:
                if self.socket is not None:
                    self.socket.close()
                    self.socket = None
            if until():
                break
            if time.monotonic() > deadline:
                return False
            time.sleep(random.uniform(0.25, max(0.25, min(30, 0.5 * 2**attempt))))
            attempt += 1
        return True

    def connect(self, renew):
        user_id = self.state.data["tokens"]["user_id"]
        headers = [("Authorization", f"Bearer {self.token(renew)}"), ("Sec-WebSocket-Protocol", "parley.v1.avro")]
        self.socket = WebSocket(f"{self.gateway}/v1/connect?user_id={user_id}", headers)
        first = self.socket.receive(10)
        name, hello = decode_frame(first) if first else (None, {})
        if name != "hello":
            raise Closed(1006, "no hello")
        self.hello = hello
        self.clock.hello(hello["server_time_ms"])
        self.requests.clear()
        self.waiting.clear()
        self.sent_at.clear()
        self.tell("ping", client_time_ms=device_clock_ms())
        self.last_ping = self.last_repair = time.monotonic()
        self.send_pending()
        self.sync()
        self.ask_receipts()
        for message in self.state.data["outbox"]:
            if message.get("verifying"):
                self.verify(message)

    def session(self, until, deadline):
        interval, silence = self.hello["heartbeat_interval_ms"] / 1000, self.hello["heartbeat_timeout_ms"] / 1000
        last_heard = time.monotonic()
        while not until() and time.monotonic() < deadline:
            data = self.socket.receive(0.2)
            now = time.monotonic()
            if data is not None:
                last_heard = now
                self.handle(*decode_frame(data))
            if now - last_heard > silence:
                raise Closed(1006, "the server is silent")
            if now - self.last_ping > interval:
                self.last_ping = now
                self.tell("ping", client_time_ms=device_clock_ms())
            if now - self.last_repair > 2:
                self.last_repair = now
                for conversation_id in [one for one, buffer in self.buffers.items() if buffer]:
                    self.fetch(conversation_id)
            self.send_pending()

    def tell(self, name, **fields):
        self.socket.send(encode_frame(name, **fields))

    def ask(self, handler, name, **fields):
        self.waiting.append((handler, name, fields))
        self.ask_waiting()

    def ask_waiting(self):
        while self.waiting and len(self.requests) < MAX_OPEN_REQUESTS:
            handler, name, fields = self.waiting.pop(0)
            self.last_request_id += 1
            self.requests[self.last_request_id] = handler
            self.tell(name, request_id=self.last_request_id, **fields)

    def answered(self, request_id):
        """What is to be done with the answer to a request, which is open no longer."""
        handler = self.requests.pop(request_id, None)
        self.ask_waiting()
        return handler or (lambda _: None)

    def handle(self, name, frame):
        if name in ("inbox_page", "page", "receipt_list"):
            self.answered(frame["request_id"])(frame)
        elif name == "message":
            self.message(frame["message"])
        elif name == "appended":
            self.sent_at[frame["message_id"]] = time.monotonic() + 20  # Wait 30 s in all.
        elif name == "accepted":
            self.accepted(frame)
        elif name == "refused":
            self.refused(frame)
        elif name == "receipt":
            self.receipt(frame["conversation_id"], frame["user_id"], frame["kind"], frame["seq"])
        elif name == "pong":
            self.clock.pong(frame["client_time_ms"], frame["server_time_ms"])
        elif name == "resync":
            self.sync()
        elif name == "error":
            self.error(frame)

    # --- sending (section 6)

    def send(self, peer_id, body, preview=None):
        conversation_id = direct_conversation_id(self.state.data["tokens"]["user_id"], peer_id)
        message = {
            "conversation_id": conversation_id, "peer_id": peer_id, "message_id": make_ulid(self.clock.now_ms()),
            "message_type": "text", "encrypted_body": body.hex(), "preview": preview, "was_sent": False,
        }
        self.state.data["outbox"].append(message)
        self.state.save()
        return message["message_id"]

    def send_pending(self):
        now = time.monotonic()
        for message in self.state.data["outbox"]:
            if message.get("verifying") or now < self.sent_at.get(message["message_id"], -1e9) + 10:
                continue
            age_ms = abs(self.clock.now_ms() - ulid_time_ms(message["message_id"]))
            if not message["was_sent"] and age_ms > STALE_ID_MS:
                message["message_id"] = make_ulid(self.clock.now_ms())
            if not message["was_sent"]:
                message["was_sent"] = True
                self.state.save()  # Before the wire: from here on the id must not change.
            self.sent_at[message["message_id"]] = now
            fields = {key: value for key, value in message.items() if key not in ("was_sent", "verifying")}
            self.tell("send", **{"timer_seconds": 0, **fields, "encrypted_body": bytes.fromhex(message["encrypted_body"])})

    def pending(self, message_id):
        return next((one for one in self.state.data["outbox"] if one["message_id"] == message_id), None)

    def settle(self, message, verdict):
        self.state.data["outbox"].remove(message)
        self.state.save()
        self.on_verdict(message["message_id"], verdict)

    def accepted(self, frame):
        message = self.pending(frame["message_id"])
        if message is None:
            return
        own = {
            "conversation_id": message["conversation_id"], "seq": frame["seq"], "ordinal": frame["ordinal"],
            "message_id": message["message_id"], "sender_id": self.state.data["tokens"]["user_id"],
            "sender_device_id": self.state.data["tokens"]["device_id"], "message_type": message["message_type"],
            "encrypted_body": bytes.fromhex(message["encrypted_body"]), "preview": message["preview"],
            "at_ms": frame["at_ms"],
        }
        self.accepted_at[message["message_id"]] = (message["conversation_id"], frame["seq"])
        self.settle(message, "accepted")
        self.message(own)

    def refused(self, frame):
        message = self.pending(frame["message_id"])
        if message is None:
            return
        if frame["code"] == "conversation_busy":
            self.sent_at[message["message_id"]] = time.monotonic() - 7  # Again in 3 s.
        elif frame["code"] == "out_of_window":
            message["verifying"] = True
            self.verify(message)
        else:
            self.settle(message, frame["code"])

    def verify(self, message):
        """A new id, once the conversation was read to its end and the old one was not in it."""

        def rename():
            if message in self.state.data["outbox"]:
                message.update(message_id=make_ulid(self.clock.now_ms()), was_sent=False, verifying=False)
                self.state.save()

        self.fetch(message["conversation_id"], rename)

    def error(self, frame):
        message = self.pending(frame["message_id"]) if frame["message_id"] else None
        if message is not None and frame["retry_after_ms"] is not None:
            self.sent_at[message["message_id"]] = time.monotonic() - 10 + frame["retry_after_ms"] / 1000
        elif message is not None:
            self.settle(message, frame["code"])
        elif frame["request_id"] in self.requests:
            self.answered(frame["request_id"])
            if frame["retry_after_ms"] is not None:
                raise Closed(1006, f"a request failed for now: {frame['code']}")  # The next connection syncs.

    # --- receipts (section 10)

    def read(self, message):
        """The user has seen everything up to this message."""
        self.tell("read", **{key: message[key] for key in ("conversation_id", "seq", "message_id")})

    def receipt(self, conversation_id, user_id, kind, seq):
        key = (conversation_id, user_id, kind)
        self.receipts[key] = max(self.receipts.get(key, 0), seq)

    def ask_receipts(self):
        """Those that were told while there was no connection."""

        def told(frame):
            for member in frame["members"]:
                for kind in ("delivered", "read"):
                    self.receipt(frame["conversation_id"], member["user_id"], kind, member[kind + "_seq"])

        for conversation_id in {conversation_id for conversation_id, _ in self.accepted_at.values()}:
            self.ask(told, "receipt_query", conversation_id=conversation_id, seq=0)

    def has(self, kind, user_id, message_id):
        """Whether a device of the member has the message (`delivered`), or the member has read it (`read`)."""
        if message_id not in self.accepted_at:
            return False
        conversation_id, seq = self.accepted_at[message_id]
        kinds = ("delivered", "read") if kind == "delivered" else ("read",)
        return any(self.receipts.get((conversation_id, user_id, one), 0) >= seq for one in kinds)

    # --- receiving and sync (sections 7, 8 and 10)

    def sync(self, after=None):
        def page(frame):
            for entry in frame["entries"]:
                if entry["last_seq"] > self.state.cursor(entry["conversation_id"])[0]:
                    self.fetch(entry["conversation_id"])
            if frame["next"] is not None:
                self.sync(frame["next"])

        self.ask(page, "inbox", after=after, limit=self.hello["limits"]["max_page_entries"])

    def fetch(self, conversation_id, then=lambda: None):
        def page(frame):
            seq, at_ms = self.state.cursor(conversation_id)
            if frame["covered_from"] <= seq + 1 and frame["covered_to"] > seq:
                fresh = [one for one in frame["messages"] if seq < one["seq"] <= frame["covered_to"]]
                self.apply(conversation_id, fresh, [frame["covered_to"], max(at_ms, frame["covered_to_at_ms"])])
            self.drain(conversation_id)
            if frame["more"]:
                self.fetch(conversation_id, then)
            else:
                then()

        seq, at_ms = self.state.cursor(conversation_id)
        limit = self.hello["limits"]["max_page_entries"]
        self.ask(page, "fetch", conversation_id=conversation_id, after_seq=seq, after_at_ms=at_ms, limit=limit)

    def message(self, message):
        conversation_id = message["conversation_id"]
        buffer = self.buffers.setdefault(conversation_id, {})
        if message["seq"] > self.state.cursor(conversation_id)[0] and len(buffer) < 256:
            buffer[message["seq"]] = message
        self.drain(conversation_id)
        if message["seq"] > self.state.cursor(conversation_id)[0]:
            self.fetch(conversation_id)  # And again every 2 s while the gap is open.

    def drain(self, conversation_id):
        buffer = self.buffers.setdefault(conversation_id, {})
        seq, at_ms = self.state.cursor(conversation_id)
        for known in [one for one in buffer if one <= seq]:
            del buffer[known]
        ready = []
        while seq + 1 in buffer:
            ready.append(buffer.pop(seq + 1))
            seq, at_ms = seq + 1, max(at_ms, ready[-1]["at_ms"])
        if ready:
            self.apply(conversation_id, ready, [seq, at_ms])

    def apply(self, conversation_id, messages, cursor):
        """Shows messages, then moves the cursor durably, then acknowledges: in this order."""
        for message in messages:
            own = self.pending(message["message_id"])
            if own is not None:
                self.accepted_at[own["message_id"]] = (conversation_id, message["seq"])
                self.settle(own, "accepted")
            self.on_message(message)
        self.state.data["cursors"][conversation_id] = cursor
        self.state.save()
        self.tell("delivered", conversation_id=conversation_id, seq=cursor[0])
        if self.reads and messages:
            self.read(messages[-1])
