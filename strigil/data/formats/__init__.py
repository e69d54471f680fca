"""Kinds of files that rows come in, one file each: looked through first, then scanned."""
