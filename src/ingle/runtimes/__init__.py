"""What is copied into a sandbox: the bootstrap of each language."""
