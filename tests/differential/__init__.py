"""Our pipeline and botocore's, side by side: the same request, the same signature, the same answer."""
