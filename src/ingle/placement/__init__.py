"""Which worker hosts a new environment and what is evicted under memory pressure: pure policy."""
