"""Probes: one file a probe."""
