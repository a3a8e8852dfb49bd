# SPDX-License-Identifier: MIT
"""Lockstep beside PyTorch, in one run on the same cores.

usage: compare.py LOCKSTEP_BENCH [--data FOLDER] [--seconds S] [--rounds N] [--networks 0,3]

Each round measures every network once with each program at every thread count
up to the cores, so that a drift of the machine meets both; the table shows the
median over the rounds, of each program's best thread count. BLAS settings in
the environment are taken away from the peer.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

NETWORKS = [
    ("784-30-10", 10, "sigmoid", 0.5),
    ("784-128-10", 32, "relu", 0.05),
    ("784-512-512-10", 128, "relu", 0.05),
    ("784-2048-2048-10", 512, "relu", 0.05),
]
PEER = pathlib.Path(__file__).with_name("pytorch_steps.py")


def lockstep(arguments, i_network, threads, scale):
    command = [arguments.bench, "--json", "--data", arguments.data, "--network", str(i_network), "--workers",
               str(threads), "--scale", scale, "--seconds", str(arguments.seconds)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    return json.loads(output)["samples_per_second"] if output else 0.0


def pytorch(network, threads, seconds):
    layers, batch, hidden, rate = network
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
    command = [sys.executable, str(PEER), layers, str(batch), hidden, str(rate), str(threads), str(seconds)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout)


def best(rounds):
    """(median, threads) of the thread count with the best median."""
    return max((statistics.median(values), threads) for threads, values in rounds.items())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bench")
    parser.add_argument("--data", default="datasets/mnist")
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--networks", default="0,1,2,3")
    arguments = parser.parse_args()
    try:
        import torch
    except ImportError:
        sys.exit("compare.py: this Python has no PyTorch; pip install torch (the CPU build), and run with that Python")

    threads = range(1, len(os.sched_getaffinity(0)) + 1)
    print(f"PyTorch {torch.__version__}, median of {arguments.rounds} rounds, best thread count of each\n")
    print(f"{'network':18} {'batch':>5} {'PyTorch':>10} {'threads':>7}   "
          f"{'Lockstep':>10} {'workers':>7} {'ratio':>7}   {'no zeros':>10} {'workers':>7} {'ratio':>7}")
    for i in map(int, arguments.networks.split(",")):
        peer, unit, dense = ({t: [] for t in threads} for _ in range(3))
        for _ in range(arguments.rounds):
            for t in threads:
                unit[t].append(lockstep(arguments, i, t, "unit"))
                peer[t].append(pytorch(NETWORKS[i], t, arguments.seconds))
                dense[t].append(lockstep(arguments, i, t, "standardise"))
        (p, pt), (u, ut), (d, dt) = best(peer), best(unit), best(dense)
        print(f"{NETWORKS[i][0]:18} {NETWORKS[i][1]:5} {p:10.0f} {pt:7}   {u:10.0f} {ut:7} {u / p:7.2f}   "
              f"{d:10.0f} {dt:7} {d / p:7.2f}", flush=True)


if __name__ == "__main__":
    main()
