"""Says what became of each date of a backfill."""
