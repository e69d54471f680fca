"""`strigil gate`: measure, hold against limits and baselines, report."""
