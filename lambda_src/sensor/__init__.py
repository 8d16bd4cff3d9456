"""Looks at a day's raw data before anything runs."""
