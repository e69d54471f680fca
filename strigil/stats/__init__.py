"""Statistics of a study: intervals, residual transfer, decisions, multiplicity, power, matrices.

What is independent is the draw of data, and of one draw the training run: an arm is a mapping from it to a figure.
Answers within a run are no replicates of either, so their interval (`wilson`) is only ever a secondary figure.
"""

from strigil.stats.auroc import Auroc, auroc
from strigil.stats.decisions import above, equal, holm, keeps_less
from strigil.stats.intervals import Arm, Interval, mean_difference, rate_interval, seeds_for_width, t_interval, wilson
from strigil.stats.matrix import DiagonalEffect, diagonal_effect, diagonal_interval
from strigil.stats.scale import LOGITS, PLAIN, Scale, scale_of
from strigil.stats.transfer import ResidualTransfer, residual_transfer

__all__ = [
    "LOGITS",
    "PLAIN",
    "Arm",
    "Auroc",
    "DiagonalEffect",
    "Interval",
    "ResidualTransfer",
    "Scale",
    "above",
    "auroc",
    "diagonal_effect",
    "diagonal_interval",
    "equal",
    "holm",
    "keeps_less",
    "mean_difference",
    "rate_interval",
    "residual_transfer",
    "scale_of",
    "seeds_for_width",
    "t_interval",
    "wilson",
]
