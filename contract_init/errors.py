"""The one error of this package; knows nothing of samples."""


class SampleError(ValueError):
    """A sample from which no contract can be drafted; the message names the reason and the next step."""
