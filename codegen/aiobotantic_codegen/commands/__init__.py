"""The commands beside sync and generate: arguments in, printing, exit codes out."""
