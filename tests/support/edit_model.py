# SPDX-License-Identifier: MIT
"""Forges model files: edit_model.py MODEL OUT CHANGE...

Writes MODEL with the changes to OUT, with fingerprint and digest made right
again, so that only training can tell. Changes:

    --weight TENSOR INDEX DELTA   adds to one number
    --flip TENSOR INDEX BIT       changes one bit of one number
    --job KEY JSON                a value in the job
    --text KEY TEXT               a text of the metadata
    --history EPOCH FINGERPRINT   one of the recorded fingerprints
    --stale                       leaves the fingerprint as it was
"""
import hashlib
import json
import struct
import sys


def tensor_at(header, name, index):
    return header[name]["data_offsets"][0] + 4 * index


def change(header, data, words):
    metadata = header["__metadata__"]
    kind = words.pop(0)
    if kind == "--weight":
        at = tensor_at(header, words.pop(0), int(words.pop(0)))
        (value,) = struct.unpack_from("<f", data, at)
        struct.pack_into("<f", data, at, value + float(words.pop(0)))
    elif kind == "--flip":
        at = tensor_at(header, words.pop(0), int(words.pop(0)))
        (value,) = struct.unpack_from("<I", data, at)
        struct.pack_into("<I", data, at, value ^ 1 << int(words.pop(0)))
    elif kind == "--job":
        job = json.loads(metadata["job"])
        key = words.pop(0)
        job[key] = json.loads(words.pop(0))
        metadata["job"] = json.dumps(job, separators=(",", ":"))
    elif kind == "--text":
        key = words.pop(0)
        metadata[key] = words.pop(0)
    elif kind == "--history":
        history = json.loads(metadata["history"])
        epoch = int(words.pop(0))
        history["fingerprints"][epoch] = words.pop(0)
        metadata["history"] = json.dumps(history, separators=(",", ":"))
    else:
        raise SystemExit(f"what is {kind}?")


def parameters(header, data):
    ends = [t["data_offsets"][1] for name, t in header.items() if name.startswith("layers.")]
    return bytes(data[: max(ends)])


def main(source, target, *words):
    with open(source, "rb") as file:
        whole = file.read()
    (length,) = struct.unpack_from("<Q", whole)
    header = json.loads(whole[8 : 8 + length])
    data = bytearray(whole[8 + length :])
    words = list(words)
    stale = "--stale" in words
    if stale:
        words.remove("--stale")
    while words:
        change(header, data, words)
    if not stale:
        header["__metadata__"]["fingerprint"] = hashlib.sha256(parameters(header, data)).hexdigest()
    header["__metadata__"]["digest"] = "0" * 64
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    blank = struct.pack("<Q", len(text)) + text + bytes(data)
    digest = hashlib.sha256(blank).hexdigest().encode()
    with open(target, "wb") as file:
        file.write(blank.replace(b"0" * 64, digest, 1))


main(*sys.argv[1:])
