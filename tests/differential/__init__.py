"""Our pipeline and botocore's, side by side: same request, same signature, same answer."""
