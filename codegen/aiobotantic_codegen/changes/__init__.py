"""What changed in an API: pages and models to entries; entries to classes, text and records."""
