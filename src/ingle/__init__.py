"""Ingle: your own AWS Lambda. The architecture is in docs/architecture.md."""
