# SPDX-License-Identifier: MIT
#
# Extra-P reads a file that was written for it, and makes a model of every callpath; what it read is compared
# with the file: read_extrap.py FILE
import json
import logging
import sys
import warnings

warnings.simplefilter("ignore")
logging.disable()
import extrap
from extrap.entities.callpath import Callpath
from extrap.entities.coordinate import Coordinate
from extrap.entities.metric import Metric
from extrap.fileio.file_reader.json_file_reader import JsonFileReader
from extrap.modelers.model_generator import ModelGenerator

reader = JsonFileReader()
reader.keep_values = True
experiment = reader.read_experiment(sys.argv[1])
expected = json.load(open(sys.argv[1]))
assert [p.name for p in experiment.parameters] == expected["parameters"]
assert [c.name for c in experiment.callpaths] == list(expected["measurements"])
for name, metrics in expected["measurements"].items():
    points = [tuple(m["point"]) for m in metrics["time"]]
    assert len(set(points)) == len(points), f"{name}: a point is there twice"
    read = {m.coordinate: m for m in experiment.measurements[Callpath(name), Metric("time")]}
    assert set(read) == {Coordinate(m["point"]) for m in metrics["time"]}, name
    for m in metrics["time"]:
        assert list(read[Coordinate(m["point"])].values) == m["values"], (name, m)
generator = ModelGenerator(experiment)
generator.model_all()
assert len(generator.models) == len(expected["measurements"])
print(f"Extra-P {extrap.__version__}: {len(generator.models)} models")
