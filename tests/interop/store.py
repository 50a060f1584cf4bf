"""Somebody behind the store's back: SQL on an embedded store's file, and hash chains computed anew by whoever knows how.

One JSON object a line on standard input, one JSON object a line as the answer on standard output; the end of the input
ends the program. Every answer has "ok"; with "ok": false it also has "error". The commands:

    {"do": "read", "file": "vestibule.db", "sql": "SELECT ..."}
        -> {"ok": true, "value": the first column of the first row}

    {"do": "run", "file": "vestibule.db", "sql": "UPDATE ...; DELETE ..."}
        -> {"ok": true}

    {"do": "rechain", "events": [{"position", "id", "stream", "version", "name", "revision", "recorded_at", "metadata",
                                  "data", "person", "ciphertext"}, ...]}
        the events of one whole stream in their order; ids and bytes in hexadecimal digits, metadata as it is stored.
        -> {"ok": true, "hashes": ["..."]}
"""

import hashlib
import json
import sqlite3
import sys
import uuid


def read(command):
    with sqlite3.connect(command["file"]) as connection:
        row = connection.execute(command["sql"]).fetchone()
    return {"value": row and row[0]}


def run(command):
    with sqlite3.connect(command["file"]) as connection:
        connection.executescript(command["sql"])
    return {}


def rechain(command):
    previous = bytes(32)
    hashes = []
    for event in command["events"]:
        previous = link(event, previous)
        hashes.append(previous.hex())
    return {"hashes": hashes}


def link(event, previous):
    """Tag, length and bytes of every field that is there, after the hash of the event before."""
    metadata = json.loads(event["metadata"])
    chain = hashlib.sha256(b"vestibule.eventlog.event.1" + previous)
    fields = [
        (1, event["position"].to_bytes(8, "big")),
        (2, uuid.UUID(event["id"]).bytes),
        (3, event["stream"].encode()),
        (4, event["version"].to_bytes(8, "big")),
        (5, event["name"].encode()),
        (6, event["revision"].to_bytes(2, "big")),
        (7, event["recorded_at"].to_bytes(8, "big")),
        (8, metadata["actor"].encode()),
        (9, metadata.get("correlation_id")),
        (10, metadata.get("causation_id") and uuid.UUID(metadata["causation_id"]).bytes),
        (11, metadata.get("traceparent")),
        (12, event["data"].encode()),
        (13, event["person"] and uuid.UUID(event["person"]).bytes),
        (14, event["ciphertext"] and bytes.fromhex(event["ciphertext"])),
    ]
    for tag, value in fields:
        if value is None:
            continue
        value = value.encode() if isinstance(value, str) else value
        chain.update(bytes([tag]) + len(value).to_bytes(8, "big") + value)
    return chain.digest()


COMMANDS = {"read": read, "run": run, "rechain": rechain}


def main():
    for line in sys.stdin:
        try:
            command = json.loads(line)
            answer = {"ok": True, **COMMANDS[command["do"]](command)}
        except Exception as error:  # the test is to see it
            answer = {"ok": False, "error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


main()
