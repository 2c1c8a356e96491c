"""The Runtime, Extensions, Telemetry and Logs APIs of one execution environment, one endpoint per file."""
