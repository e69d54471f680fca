"""The report of an audit: what it found, row by row, as a page and as JSON."""
