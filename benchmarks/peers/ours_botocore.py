"""aiosagemaker with `pipeline="botocore"`."""

from functools import partial

from peers import ours

control = partial(ours.control, pipeline="botocore")
runtime = partial(ours.runtime, pipeline="botocore")
