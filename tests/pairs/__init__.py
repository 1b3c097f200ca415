"""Changes of botocore's models that are known, and what the difference of each must be."""
