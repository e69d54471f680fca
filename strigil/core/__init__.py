"""What every stage builds on: tables, releases, engines, the registry, statistics and errors."""
