"""Benchmarks against peers, alternating in one run; `make bench` runs them all."""
