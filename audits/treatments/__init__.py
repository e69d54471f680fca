"""Treatments, one file each; the registry finds them."""
