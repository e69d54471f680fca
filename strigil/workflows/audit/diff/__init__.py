"""`strigil diff`: what changed from one data set to another."""
