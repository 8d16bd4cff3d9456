"""Reproducible comparisons of the job's design with the usual ones; see README.md here for method and results."""
