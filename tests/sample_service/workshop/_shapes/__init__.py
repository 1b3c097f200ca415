"""Shapes, by the family of operations that reaches them."""
