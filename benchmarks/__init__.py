"""One script per claim of the docs, each against a peer in the same run."""
