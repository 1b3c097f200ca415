"""What tests of code that calls a service stand on: a server driven by the generated classes."""
