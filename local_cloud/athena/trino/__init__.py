"""Trino's SQL: types, functions and queries with its rules, over rows that somebody else reads.

Nothing is left to the engine below: what is not written here is refused, so no query is answered by other rules.
"""
