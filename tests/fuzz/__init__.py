"""Broken and hostile input for the generator: it answers with valid Python or a clear error."""
