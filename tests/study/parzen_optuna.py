# SPDX-License-Identifier: MIT
#
# parzen_optuna.py PROGRAM N_PARAMETERS N_OBSERVATIONS: gives the same observations to Optuna's Parzen
# estimator and to ours, and compares their log densities. Prints the largest difference; exit
# status 1 when it is above the tolerance. With --as-released Optuna is left as it is: without the
# bandwidth in its normal density (optuna#5109, mended in 3.5 by optuna#5110).

import math
import subprocess
import sys

import numpy
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers._tpe import _truncnorm
from optuna.samplers._tpe.parzen_estimator import _ParzenEstimator, _ParzenEstimatorParameters
from optuna.samplers._tpe.sampler import default_weights

TOLERANCE = 1e-9
N_POINTS = 200

arguments = [a for a in sys.argv[1:] if a != "--as-released"]
program, n_parameters, n = arguments[0], int(arguments[1]), int(arguments[2])
if "--as-released" not in sys.argv:
    as_released = _truncnorm.logpdf
    _truncnorm.logpdf = lambda x, a, b, loc=0, scale=1: as_released(x, a, b, loc, scale) - numpy.log(scale)

space = [
    ("act", CategoricalDistribution(["relu", "tanh", "sigmoid", "leaky"])),
    ("x", FloatDistribution(-5, 10)),
    ("lr", FloatDistribution(1e-5, 0.1, log=True)),
    ("layers", IntDistribution(1, 6)),
    ("hidden", IntDistribution(16, 6000)),
    ("dropout", FloatDistribution(0, 0.5, step=0.05)),
][:n_parameters]


def draw(random, distribution, share):
    """Within the lower `share` of the range, so that densities differ much over the points."""
    u = share * random.rand()
    if isinstance(distribution, CategoricalDistribution):
        return int(u * len(distribution.choices))
    low, high = distribution.low, distribution.high
    if distribution.log:
        return math.exp(math.log(low) + u * (math.log(high) - math.log(low)))
    if distribution.step is None:
        return low + u * (high - low)
    return low + round(u * (high - low) / distribution.step) * distribution.step


def draws(random, size, share):
    return {name: numpy.array([draw(random, d, share) for _ in range(size)]) for name, d in space}


random = numpy.random.RandomState(n)
observations, points = draws(random, n, 0.6), draws(random, N_POINTS, 1)
parameters = _ParzenEstimatorParameters(True, 1.0, True, False, default_weights, True)
theirs = _ParzenEstimator(observations, dict(space), parameters).log_pdf(points)

rows = ["%d %d" % (n, N_POINTS)]
for columns, size in ((observations, n), (points, N_POINTS)):
    rows += [" ".join("%.17g" % columns[name][k] for name, _ in space) for k in range(size)]
result = subprocess.run([program, str(n_parameters)], input="\n".join(rows) + "\n", stdout=subprocess.PIPE,
                        universal_newlines=True, check=True)
ours = numpy.array([float(line) for line in result.stdout.split()])

if len(ours) != N_POINTS or not numpy.isfinite(ours).all() or not theirs.max() - theirs.min() > 0.1:
    sys.exit("no densities to compare")
difference = numpy.abs(ours - theirs).max()
print("%g over %g" % (difference, theirs.max() - theirs.min()))
sys.exit(0 if difference <= TOLERANCE else 1)
