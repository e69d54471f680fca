"""Statistics of a study: intervals over training seeds, residual transfer, equivalence, multiplicity, power, matrices.

The unit is the training run. An arm is a mapping from training seed to a rate; answers within a run are no replicates
of the training, so their interval (`wilson`) is only ever a secondary figure.
"""

from strigil.stats.auroc import Auroc, auroc
from strigil.stats.decisions import Difference, Equivalence, difference, equivalence, holm
from strigil.stats.intervals import Arm, Interval, mean_difference, seeds_for_width, t_interval, wilson
from strigil.stats.matrix import DiagonalEffect, diagonal_effect, diagonal_interval
from strigil.stats.transfer import ResidualTransfer, residual_transfer

__all__ = [
    "Arm",
    "Auroc",
    "DiagonalEffect",
    "Difference",
    "Equivalence",
    "Interval",
    "ResidualTransfer",
    "auroc",
    "diagonal_effect",
    "diagonal_interval",
    "difference",
    "equivalence",
    "holm",
    "mean_difference",
    "residual_transfer",
    "seeds_for_width",
    "t_interval",
    "wilson",
]
