"""Starts a rerun of a day whose raw data changed after its publication."""
