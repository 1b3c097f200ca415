"""Our client against parsers and serializers that nobody here wrote."""
