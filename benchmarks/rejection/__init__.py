"""Adaptive weighted rejection: what it costs, and what it gains."""
