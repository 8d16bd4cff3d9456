"""Says what a finished run did and what it cost."""
