"""A prepared check of one GPU: `run.sh`."""
