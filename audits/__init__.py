"""Audits: rules, probes, expectations and treatments make verdicts and clean rows."""
