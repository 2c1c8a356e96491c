"""Lambda's own API, one file per resource; reads and writes desired configuration."""
