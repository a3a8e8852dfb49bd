# SPDX-License-Identifier: MIT
"""What another program makes of a model file, for tests/cli/safetensors_python.sh.

The file is opened with the safetensors package, checked against its digest and
fingerprint, and evaluated in float64 by the formulas of doc/numerics.md.

    read_model.py data FOLDER                    writes training files
    read_model.py check MODEL FEATURES.npy PREDICTIONS.csv
    read_model.py digest MODEL
    read_model.py resave MODEL OTHER             as other programs save it
"""

import csv
import hashlib
import json
import sys
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

TOLERANCE = 1e-5
N_ROWS, N_FEATURES = 203, 7


def logistic(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def read_model(path):
    with safe_open(path, framework="np") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata()


def scaled_inputs(x, tensors, metadata):
    if "input.shift" in tensors:
        return (x - tensors["input.shift"].astype(float)) * tensors["input.scale"].astype(float)
    return x / 255 if metadata["scale"] == "unit" else x


def predict(x, tensors, metadata):
    slope = float(metadata["leaky_slope"])
    hidden = {
        "sigmoid": logistic,
        "tanh": np.tanh,
        "relu": lambda z: np.maximum(z, 0),
        "leaky-relu": lambda z: np.where(z < 0, slope * z, z),
    }[metadata["hidden"]]
    output = softmax if metadata["loss"] == "softmax" else logistic
    n_layers = metadata["layers"].count("-")
    a = scaled_inputs(x.astype(float), tensors, metadata)
    for i in range(n_layers):
        weight, bias = tensors[f"layers.{i}.weight"], tensors[f"layers.{i}.bias"]
        z = a @ weight.astype(float).T + bias.astype(float)
        a = output(z) if i == n_layers - 1 else hidden(z)
    return a


def write_data(folder):
    folder = Path(folder)
    rng = np.random.default_rng(1)
    x = (rng.standard_normal((N_ROWS, N_FEATURES)) * 3 + 1).astype(np.float32)
    pixels = rng.integers(0, 256, (N_ROWS, N_FEATURES), dtype=np.uint8)
    classes = (x[:, 0] > x[:, 1]).astype(np.uint8) + (x[:, 2] > 1)
    flags = (x[:, :2] > 1).astype(int)
    np.save(folder / "floats.npy", x)
    np.save(folder / "pixels.npy", pixels)
    np.save(folder / "classes.npy", classes.astype(np.uint8))
    header = [f"x{i}" for i in range(N_FEATURES)]
    with open(folder / "flags.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header + ["first", "second"])
        writer.writerows([[repr(float(v)) for v in row] + list(f) for row, f in zip(x, flags)])


def check_digest(path):
    content = Path(path).read_bytes()
    digest = read_model(path)[1]["digest"].encode()
    assert content.count(digest) == 1, "the digest is in the file more than once"
    assert hashlib.sha256(content.replace(digest, b"0" * 64)).hexdigest().encode() == digest, "wrong digest"


def check_record(tensors, metadata):
    sizes = [int(size) for size in metadata["layers"].split("-")]
    names = [f"layers.{i}.{kind}" for i in range(len(sizes) - 1) for kind in ("weight", "bias")]
    content = b"".join(tensors[name].astype("<f4").tobytes() for name in names)
    assert hashlib.sha256(content).hexdigest() == metadata["fingerprint"], "wrong fingerprint"
    for i in range(len(sizes) - 1):
        assert tensors[f"layers.{i}.weight"].shape == (sizes[i + 1], sizes[i]), f"shape of layers.{i}.weight"
        assert tensors[f"layers.{i}.bias"].shape == (sizes[i + 1],), f"shape of layers.{i}.bias"
    assert metadata["format"] == "lockstep-model-1", "wrong format"
    assert isinstance(json.loads(metadata["job"]), dict), "the job is no JSON object"


def check(model, features, predictions):
    tensors, metadata = read_model(model)
    check_record(tensors, metadata)
    wanted = predict(np.load(features), tensors, metadata)
    with open(predictions, newline="") as file:
        rows = list(csv.reader(file))[1:]
    n_outputs = wanted.shape[1]
    found = np.array([[float(field) for field in row[:n_outputs]] for row in rows])
    assert found.shape == wanted.shape, f"predictions are {found.shape}, not {wanted.shape}"
    assert np.ptp(wanted) > 0.1, "predictions that hardly differ show nothing"
    difference = np.abs(found - wanted).max()
    assert difference <= TOLERANCE, f"predictions differ by {difference}"


def resave(model, other):
    tensors, metadata = read_model(model)
    del metadata["digest"]
    save_file(tensors, other, metadata)


def main(command, *operands):
    try:
        {"data": write_data, "check": check, "digest": check_digest, "resave": resave}[command](*operands)
    except AssertionError as failure:
        sys.exit(f"# {failure}")


if __name__ == "__main__":
    main(*sys.argv[1:])
