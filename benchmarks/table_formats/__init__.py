"""Table formats against the present publication: what one date's publication costs, and what a fault makes of it."""
