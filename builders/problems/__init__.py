"""Arithmetic word problems with known answers, made from a seed: sets of them, and what a problem is."""
