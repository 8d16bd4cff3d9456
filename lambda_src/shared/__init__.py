"""What several functions share: environment, input, storage, messages, logs and metrics."""
