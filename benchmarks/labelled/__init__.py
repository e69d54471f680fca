"""Error rates of the rules on labelled data that others published: `python -m benchmarks.labelled FOLDER [RULE ...]`.

The data are cloned from GitHub into the folder, at the commits named here; none of them is part of this repository.
"""
