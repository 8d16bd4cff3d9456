"""Where the pipeline meets the world: directories, S3, the Glue Data Catalog and the answers of AWS.

The only package that imports boto3; it keeps the promises of `core.ports` and decides nothing.
"""
