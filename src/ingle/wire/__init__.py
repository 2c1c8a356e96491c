"""AWS protocols, SigV4 and error rendering, driven by botocore's service model; sans-I/O."""
