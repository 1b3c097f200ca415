"""The only readers of specs: files to documents, and API facts from botocore into files."""
