"""`strigil probe`: what no single row shows, against clean samples."""
