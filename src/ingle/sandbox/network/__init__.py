"""The network of a sandbox: its own loopback with listeners, and with "nat" a way out."""
