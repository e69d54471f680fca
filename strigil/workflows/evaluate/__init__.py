"""`strigil eval`: preference, misalignment and capability of a base and its adapters."""
