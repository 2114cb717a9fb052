"""Benchmarks: `make bench`. Each figure has a limit; times are compared within one run, since machines differ."""
