"""Turns the input of a backfill into its runs."""
