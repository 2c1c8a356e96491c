"""Log lines, START/END/REPORT, billing; `main` injects the sinks."""
