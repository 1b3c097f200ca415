"""The intermediate representation: frozen facts of a service in AWS's nouns, no source text."""
