"""The rules of the pipeline, each in one place: where things lie, what counts as raw data, what a record or check is.

Standard library only, and nothing of ours outside this package: the job, the functions and the command line all run it.
"""
