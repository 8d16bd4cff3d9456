"""All scalar functions: importing this registers them."""

from local_cloud.athena.trino import (
    binary_functions,
    collection_functions,
    json_functions,
    math_functions,
    patterns,
    text_functions,
    time_formats,
    time_functions,
)

ALL = (
    binary_functions,
    collection_functions,
    json_functions,
    math_functions,
    patterns,
    text_functions,
    time_formats,
    time_functions,
)
