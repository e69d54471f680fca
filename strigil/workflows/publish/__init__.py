"""`strigil publish` and `strigil pull`: to the Hub and back, checked on both ways."""
