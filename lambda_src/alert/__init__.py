"""Turns what went wrong into one short message that a person can act on."""
