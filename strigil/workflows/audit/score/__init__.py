"""`strigil score`: a figure for every token of a release, computed once."""
