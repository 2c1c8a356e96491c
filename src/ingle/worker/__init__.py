"""A host's agent: execution environments, their state machine, and the code cache."""
