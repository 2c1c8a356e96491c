"""One endpoint per file: `begin` takes a call when its head is there, and gives the receiver of its body."""
