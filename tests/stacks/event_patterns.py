"""Matches events against EventBridge patterns: exact values and prefixes, which is all that our rules use."""

from typing import Any


def matches(pattern: Any, event: Any) -> bool:
    """Tell whether every field of the pattern is in the event with an allowed value."""
    if isinstance(pattern, dict):
        return isinstance(event, dict) and all(matches(wanted, event.get(name)) for name, wanted in pattern.items())
    return any(_allows(choice, event) for choice in pattern)


def _allows(choice: Any, value: Any) -> bool:
    if isinstance(choice, dict) and "prefix" in choice:
        return isinstance(value, str) and value.startswith(choice["prefix"])
    return bool(choice == value)
