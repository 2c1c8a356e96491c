"""Which idle environment serves an invocation; leases, keep-alive, waiting requests."""
