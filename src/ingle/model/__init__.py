"""The vocabulary: ARNs, names, quotas, configuration, state tables, errors; standard library only."""
