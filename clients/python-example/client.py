#!/usr/bin/env python3
"""A small Parley client, written from docs/PROTOCOL.md alone with Python's standard library.

    client.py register --api http://127.0.0.1:8080 --phone +491701234567 --name Alice --state alice.json
    client.py send     --gateway ws://127.0.0.1:8081 --state alice.json --to USER_ID "hello"
    client.py listen   --gateway ws://127.0.0.1:8081 --state bob.json --count 1
    client.py codec    (frames between their two forms, a JSON object a line; the project's tests drive it)

It keeps its tokens, cursors and unsent messages in the state file, and "encrypts" by not encrypting: it shows the protocol.
"""

import argparse
import json
import sys

from parley_client import Client, State, post
from parley_frames import Malformed, decode_frame, encode_frame, from_json, to_json
from parley_ids import direct_conversation_id, make_ulid, ulid_time_ms


def register(args):
    asked = post(args.api + "/v1/registrations", {"phone_number": args.phone})
    code = args.code or asked.get("dev_code") or input("code: ")
    device = {"name": "python", "platform": "desktop", "key_bundle": "bm9uZQ==", "push_token": None}
    body = {"phone_number": args.phone, "code": code, "display_name": args.name, "device": device}
    state = State(args.state)
    state.data.update(api=args.api, tokens=post(args.api + "/v1/registrations/verify", body))
    state.save()
    print(state.data["tokens"]["user_id"])


def send(args):
    verdicts = {}

    def show(message_id, verdict):
        verdicts[message_id] = verdict
        print(message_id, verdict, flush=True)

    client = Client(args.gateway, State(args.state), on_verdict=show)
    client.send(args.to, args.text.encode(), args.text[:200])

    def is_accepted():
        return verdicts and set(verdicts.values()) == {"accepted"}

    def is_done():
        if not verdicts or client.state.data["outbox"]:
            return False
        return args.until is None or not is_accepted() or all(client.has(args.until, args.to, one) for one in verdicts)

    reached = client.run(is_done, args.timeout)
    if args.until is not None and is_accepted():
        print(args.until if reached else "not " + args.until)
    return 0 if reached and is_accepted() else 1


def what_it_tells(message):
    change = message.get("system")
    if change is None:
        return message["encrypted_body"].decode("utf-8", "replace")
    return " ".join([change["kind"], *change["user_ids"], change["text"] or ""]).strip()


def listen(args):
    seen = []

    def show(message):
        seen.append(message)
        text = what_it_tells(message)
        print(json.dumps({"seq": message["seq"], "from": message["sender_id"], "text": text}), flush=True)

    client = Client(args.gateway, State(args.state), on_message=show, reads=args.read)
    return 0 if client.run(lambda: len(seen) >= args.count, args.timeout) else 1


def codec(_args):
    """{"encode": JSON form} answers {"hex"}; {"decode": hex} answers {"frame"} or {"malformed"}; {"direct": [a, b]} answers {"id"}."""
    for line in sys.stdin:
        asked = json.loads(line)
        if "encode" in asked:
            name, fields = from_json(asked["encode"])
            answer = {"hex": encode_frame(name, **fields).hex()}
        elif "direct" in asked:
            answer = {"id": direct_conversation_id(*asked["direct"])}
        elif "ulid" in asked:
            answer = {"id": make_ulid(asked["ulid"]), "time_ms": ulid_time_ms(make_ulid(asked["ulid"]))}
        else:
            try:
                name, fields = decode_frame(bytes.fromhex(asked["decode"]))
                answer = {"frame": to_json(name, fields)}
            except Malformed as error:
                answer = {"malformed": str(error)}
        print(json.dumps(answer))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("register")
    one.add_argument("--api", required=True)
    one.add_argument("--phone", required=True)
    one.add_argument("--name", default="python")
    one.add_argument("--code")
    one.set_defaults(run=register)
    two = commands.add_parser("send")
    two.add_argument("--to", required=True)
    two.add_argument("text")
    two.add_argument("--until", choices=["delivered", "read"], help="also wait for this receipt of the other user")
    two.set_defaults(run=send)
    three = commands.add_parser("listen")
    three.add_argument("--count", type=int, default=1)
    three.add_argument("--read", action="store_true", help="tell the sender that it was read")
    three.set_defaults(run=listen)
    for command in (one, two, three):
        command.add_argument("--state", required=True)
    for command in (two, three):
        command.add_argument("--gateway", required=True)
        command.add_argument("--timeout", type=float, default=60)
    commands.add_parser("codec").set_defaults(run=codec)
    args = parser.parse_args()
    sys.exit(args.run(args))


if __name__ == "__main__":
    main()
