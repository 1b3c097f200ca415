"""Operations, by family."""
