"""The inside of the curation job: decisions as pure functions, Spark transforms, and the stores they use."""
