"""Layouts: what the columns of other people's data sets mean, one file each."""
