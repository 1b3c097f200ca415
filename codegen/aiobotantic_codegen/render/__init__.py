"""The IR to source text. Templates are dumb: every decision is made before they run."""
