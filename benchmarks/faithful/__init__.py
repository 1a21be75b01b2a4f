"""Benchmark of methods that keep the model's distribution; ``benchmarks/faithfulness.py`` runs it."""
