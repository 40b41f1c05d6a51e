"""`python -m benchmarks`: accuracy, time and memory on the evaluation data, as tables and JSON."""
