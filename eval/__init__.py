"""Eval: students make trait scores and residual transfer."""
