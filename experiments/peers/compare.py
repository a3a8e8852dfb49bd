# SPDX-License-Identifier: MIT
"""Training steps per second: Lockstep beside its peers, in one run on the same cores.

usage: compare.py LOCKSTEP [--data FOLDER] [--seconds S] [--rounds N] [--networks 0,3]
                  [--peers pytorch,numpy,sklearn,plain_c,fann] [--threads 1,2] [--isa avx2] [--json FILE]

Each round measures every network with Lockstep and every peer at every thread
count up to the cores, so that a drift of the machine meets all; the tables show
the median over the rounds at each program's best thread count, Lockstep's also
at the best split of the work. A peer that is not installed is left out and
named. With --isa every program keeps to that instruction set, but for the library
of FANN, which is as its package made it.
"""
import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent

# Layers, rows of a mini-batch, activation, rate, and Lockstep's slices: the most workers it can use.
NETWORKS = [
    ("784-30-10", 10, "sigmoid", 0.5, 2),
    ("784-128-10", 32, "relu", 0.05, 4),
    ("784-512-512-10", 128, "relu", 0.05, 8),
    ("784-2048-2048-10", 512, "relu", 0.05, 16),
]
LOCKSTEP = [("Lockstep, MNIST as it is", "unit"), ("Lockstep, no zeros", "standardise")]
COMPILE = ["gcc", "-O3", "-march=native", "-ffast-math"]
# Settings that change how a peer computes; each program sets its thread count itself.
SETTINGS = ("OPENBLAS_", "GOTO_", "OMP_", "GOMP_", "KMP_", "MKL_", "DNNL_", "ONEDNN_", "ATEN_", "TORCH_", "NPY_")


class Limit:
    """What keeps the peers to an instruction set: options of gcc, and settings, which run() leaves a command."""

    def __init__(self, isa=None, gcc=COMPILE, settings=None):
        self.isa, self.gcc, self.settings = isa, gcc, settings or {}

    def command(self, command):
        prefix = ["env"] + [f"{name}={value}" for name, value in self.settings.items()] if self.settings else []
        return prefix + command


def run(command):
    """Every command of the comparison runs so, without the settings."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(SETTINGS)}
    environment["LC_ALL"] = "C"
    return subprocess.run(command, capture_output=True, text=True, env=environment)


def output_of(command):
    """What a command prints; its error output is shown where it fails."""
    done = run(command)
    if done.returncode:
        sys.exit(f"{pathlib.Path(sys.argv[0]).name}: {' '.join(command)}: exit status {done.returncode}\n"
                 f"{done.stderr.strip()}")
    return done.stdout.strip()


class Missing(Exception):
    """A peer that cannot run here; the text says what to install."""


def wider_numpy_features():
    """Beyond AVX2: names of what NumPy's own loops use here, in the words of its release."""
    found = run([sys.executable, "-c", "import numpy\ncore = getattr(numpy, '_core', None) or numpy.core\n"
                 "umath = core._multiarray_umath\nprint(*[name for name in umath.__cpu_dispatch__ "
                 "if umath.__cpu_features__.get(name) and ('AVX512' in name or name == 'X86_V4')])"])
    return found.stdout.strip() if found.returncode == 0 else ""


def avx2_limit(lscpu):
    zen = lscpu.get("Vendor ID") in ("AuthenticAMD", "HygonGenuine")
    settings = {"OPENBLAS_CORETYPE": "ZEN" if zen else "HASWELL", "ATEN_CPU_CAPABILITY": "avx2",
                "MKL_ENABLE_INSTRUCTIONS": "AVX2", "ONEDNN_MAX_CPU_ISA": "AVX2"}
    features = wider_numpy_features()
    if features:
        settings["NPY_DISABLE_CPU_FEATURES"] = features
    gcc = ["gcc", "-O3", "-march=x86-64-v3", "-mtune=native", "-ffast-math"]
    return Limit("avx2", gcc, settings)


def python_peer(program, package):
    module = {"scikit-learn": "sklearn"}.get(package.split("=")[0], package.split("=")[0])
    found = run([sys.executable, "-c", f"import {module}; print({module}.__version__)"])
    if found.returncode:
        raise Missing(f"{sys.executable} -m pip install {package}")
    return [sys.executable, str(HERE / program)], found.stdout.strip()


def compiled(program, folder, limit, arguments, install):
    target = folder / pathlib.Path(program).stem
    command = limit.gcc + [str(HERE / program), "-o", str(target)] + arguments + ["-lz", "-lm"]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        raise Missing("apt install gcc")
    if done.returncode:
        raise Missing(f"{install} (its compilation says: {done.stderr.strip().splitlines()[0]})")
    return [str(target)]


def prepare_pytorch(folder, limit):
    command, version = python_peer("pytorch_steps.py", "torch==2.13.0")
    return command, f"PyTorch {version}"


def prepare_numpy(folder, limit):
    command, version = python_peer("numpy_steps.py", "numpy")
    blas = output_of([sys.executable, "-c", "import numpy; "
                      "blas = numpy.show_config('dicts')['Build Dependencies']['blas']; "
                      "print(blas['name'], blas['version'])"])
    return command, f"NumPy {version} ({blas})"


def prepare_sklearn(folder, limit):
    command, version = python_peer("sklearn_steps.py", "scikit-learn")
    return command, f"scikit-learn {version}"


def prepare_plain_c(folder, limit):
    # Its configuration names the kernels in use, so it is asked under the limit.
    found = run(limit.command([sys.executable, "-c", "import scipy_openblas32 as o; print(o.get_include_dir(), "
                               "o.get_lib_dir(), o.get_library(), o.get_openblas_config(), sep='\\n')"]))
    if found.returncode:
        raise Missing(f"{sys.executable} -m pip install scipy-openblas32")
    headers, libraries, library, configuration = found.stdout.splitlines()
    command = compiled("plain_c.c", folder, limit, [f"-I{headers}", f"-L{libraries}", f"-Wl,-rpath,{libraries}",
                                                    f"-l{library}"], "apt install zlib1g-dev")
    return command, configuration


def prepare_fann(folder, limit):
    command = compiled("fann_steps.c", folder, limit, ["-lfloatfann"], "apt install libfann-dev zlib1g-dev")
    found = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "libfann-dev"], capture_output=True, text=True) \
        if pathlib.Path("/usr/bin/dpkg-query").exists() else None
    return command, f"FANN {found.stdout}" if found and found.returncode == 0 else "FANN"


class Peer:
    """share: of the seconds; threaded: whether thread counts differ."""

    def __init__(self, name, prepare, share=1.0, threaded=True):
        self.name, self.prepare, self.share, self.threaded = name, prepare, share, threaded


# FANN takes a hundred times Lockstep's time for a step, so that a few steps say enough.
PEERS = {
    "pytorch": Peer("PyTorch", prepare_pytorch),
    "numpy": Peer("NumPy", prepare_numpy),
    "sklearn": Peer("scikit-learn", prepare_sklearn),
    "plain_c": Peer("plain C and OpenBLAS", prepare_plain_c),
    "fann": Peer("FANN", prepare_fann, share=0.25, threaded=False),
}


def prepare_peers(names, folder, limit):
    """{key: command} of the installed ones, and what to print of each version."""
    commands, versions = {}, []
    for name in names:
        try:
            command, version = PEERS[name].prepare(folder, limit)
            commands[name] = limit.command(command)
            versions.append(version)
        except Missing as reason:
            print(f"{PEERS[name].name} is left out; it needs: {reason}", file=sys.stderr)
    return commands, versions


def lockstep_speeds(arguments, i_network, workers, scale):
    lines = output_of([arguments.lockstep, "bench", "--steps", "--json", "--network", str(i_network), "--workers",
                       str(workers), "--scale", scale, "--seconds", str(arguments.seconds), "--data", arguments.data]
                      + (["--isa", arguments.isa] if arguments.isa else []))
    events = [json.loads(line) for line in lines.splitlines()]
    found = [event for event in events if event["event"] == "step"]
    if not found or found[0]["layers"] != NETWORKS[i_network][0]:
        sys.exit(f"compare.py: lockstep bench printed no figure of {NETWORKS[i_network][0]}")
    return {str(workers) + (f" by {event['split']}" if workers > 1 else ""): event["samples_per_second"]
            for event in found}


def peer_speed(arguments, command, peer, i_network, threads):
    layers, batch, hidden, rate, _ = NETWORKS[i_network]
    return float(output_of(command + [layers, str(batch), hidden, str(rate), str(threads),
                                      str(arguments.seconds * peer.share), arguments.data]))


def measure_round(arguments, commands, i_network, threads, figures):
    """Adds a speed to figures[i_network, program, threads] for every program and thread count."""
    for t in threads:
        if t <= NETWORKS[i_network][4]:
            for name, scale in LOCKSTEP:
                for way, speed in lockstep_speeds(arguments, i_network, t, scale).items():
                    figures.setdefault((i_network, name, way), []).append(speed)
        for key, command in commands.items():
            peer = PEERS[key]
            if peer.threaded or t == threads[0]:
                n = t if peer.threaded else 1
                speed = peer_speed(arguments, command, peer, i_network, n)
                figures.setdefault((i_network, peer.name, str(n)), []).append(speed)


def best(figures, i_network, name):
    """(median, threads) of the thread count with the best median."""
    return max((statistics.median(speeds), threads) for (i, program, threads), speeds in figures.items()
               if (i, program) == (i_network, name))


def print_table(heading, networks, rows):
    lines = [[heading] + [f"{NETWORKS[i][0]} {NETWORKS[i][2]}, {NETWORKS[i][1]}" for i in networks]] + rows
    widths = [max(map(len, column)) for column in zip(*lines)]
    lines.insert(1, ["-" * width for width in widths])
    for line in lines:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |")
    print()


def print_tables(figures, networks, peers):
    """Speeds of all programs, then Lockstep's two speeds over each peer's."""
    fastest = {(i, name): best(figures, i, name) for i in networks for name in [n for n, _ in LOCKSTEP] + peers}
    print("Samples/s, and the thread count:\n")
    print_table("network, mini-batch", networks,
                [[name] + ["{:,.0f} ({})".format(*fastest[i, name]) for i in networks]
                 for name in [n for n, _ in LOCKSTEP] + peers])
    print("Lockstep's speed over the peer's, on MNIST as it is / without zeros:\n")
    print_table("network, mini-batch", networks,
                [[peer] + [" / ".join(f"{fastest[i, name][0] / fastest[i, peer][0]:.2f}" for name, _ in LOCKSTEP)
                           for i in networks] for peer in peers])


def read_lscpu():
    lines = [line.split(":", 1) for line in output_of(["lscpu"]).splitlines() if ":" in line]
    return {name.strip(): value.strip() for name, value in lines}


def describe_processor(lscpu):
    """What tells CPUs of one name apart, as far as lscpu does; caches are all of the machine's."""
    names = {"vendor": "Vendor ID", "family": "CPU family", "model": "Model", "stepping": "Stepping",
             "L1d": "L1d cache", "L2": "L2 cache", "L3": "L3 cache"}
    known = {name: lscpu[key] for name, key in names.items() if lscpu.get(key, "-") != "-"}
    return {name: int(value) if value.isdigit() else value for name, value in known.items()}


def describe_machine(arguments, lscpu, limit, commands, versions):
    lockstep = [" ".join(line.split()) for line in output_of([arguments.lockstep, "--version"]).splitlines()]
    compiler = output_of(COMPILE[:1] + ["--version"]).splitlines()[0] if {"plain_c", "fann"} & set(commands) else "none"
    machine = {"cpu": lscpu.get("Model name", platform.machine()), "processor": describe_processor(lscpu),
               "cores": len(os.sched_getaffinity(0)), "system": platform.platform(),
               "compiler": f"{compiler}, {' '.join(limit.gcc[1:])}",
               "lockstep": [line for line in lockstep if line and "licence" not in line],
               "python": platform.python_version(), "peers": versions}
    return machine | {"isa": limit.isa, "settings": limit.settings} if limit.isa else machine


def print_machine(machine):
    for name, value in machine.items():
        if isinstance(value, dict):
            value = [f"{key} {part}" for key, part in value.items()]
        print(f"{name:10}{', '.join(value) if isinstance(value, list) else value}")
    print(flush=True)


def write_json(file, machine, figures):
    measured = [{"layers": NETWORKS[i][0], "batch": NETWORKS[i][1], "program": name, "threads": threads,
                 "samples_per_second": statistics.median(speeds), "rounds": speeds}
                for (i, name, threads), speeds in figures.items()]
    pathlib.Path(file).write_text(json.dumps({"machine": machine, "figures": measured}, indent=1) + "\n")


def numbers(least, most):
    def parse(text):
        found = [int(part) for part in text.split(",")]
        if not all(least <= number <= most for number in found):
            raise ValueError
        return found
    parse.__name__ = f"list of numbers from {least} to {most}"
    return parse


def known_peers(text):
    if not set(text.split(",")) <= set(PEERS):
        raise argparse.ArgumentTypeError(f"peers are {','.join(PEERS)}")
    return text.split(",")


def read_arguments():
    n_cores = len(os.sched_getaffinity(0))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lockstep", help="the lockstep command")
    parser.add_argument("--data", default="datasets/mnist", help="folder with MNIST's four gzip IDX files")
    parser.add_argument("--seconds", type=float, default=2, help="of one measurement (default 2)")
    parser.add_argument("--rounds", type=int, default=3, help="default 3")
    parser.add_argument("--networks", type=numbers(0, len(NETWORKS) - 1), default=list(range(len(NETWORKS))))
    parser.add_argument("--peers", type=known_peers, default=list(PEERS))
    parser.add_argument("--threads", type=numbers(1, n_cores), default=list(range(1, n_cores + 1)),
                        help="thread counts (default: each up to the cores)")
    parser.add_argument("--isa", choices=["avx2"], help="keep every program to this instruction set, FANN's library "
                        "apart (default: each takes what it likes)")
    parser.add_argument("--json", metavar="FILE", help="write every single figure here")
    arguments = parser.parse_args()
    if arguments.isa and platform.machine() != "x86_64":
        parser.error(f"--isa {arguments.isa} is for x86-64, this is {platform.machine()}")
    if arguments.rounds < 1 or not 0 < arguments.seconds < 3600:
        parser.error("--rounds is 1 or more, --seconds between 0 and 3600")
    if min(arguments.threads) > min(NETWORKS[i][4] for i in arguments.networks):
        parser.error("--threads needs a count that every network's slices allow: 1 or 2")
    return arguments


def main():
    arguments = read_arguments()
    figures, lscpu = {}, read_lscpu()
    limit = avx2_limit(lscpu) if arguments.isa else Limit()
    with tempfile.TemporaryDirectory() as folder:
        commands, versions = prepare_peers(arguments.peers, pathlib.Path(folder), limit)
        machine = describe_machine(arguments, lscpu, limit, commands, versions)
        print_machine(machine)
        for i_round in range(arguments.rounds):
            for i in arguments.networks:
                print(f"round {i_round + 1} of {arguments.rounds}, {NETWORKS[i][0]}", file=sys.stderr, flush=True)
                measure_round(arguments, commands, i, arguments.threads, figures)
    print(f"Medians of {arguments.rounds} rounds in turns, {arguments.seconds:g} s each, best thread count of each."
          + (f" All kept to {arguments.isa}, FANN's library apart." if arguments.isa else ""))
    print_tables(figures, arguments.networks, [PEERS[key].name for key in commands])
    if arguments.json:
        write_json(arguments.json, machine, figures)


if __name__ == "__main__":
    main()
