"""The six checks by check engines, each in its own environment; ../README.md has method and results."""
