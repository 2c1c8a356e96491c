"""The one listener: tells requests apart and carries the hot invoke path; no AWS semantics."""
