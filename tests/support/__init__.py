"""What tests share: a clock that is moved by hand, a sandbox without a kernel, a log that is a list."""
