"""Code tasks: families of tasks in YAML, filled from a vocabulary by a small grammar of English."""
