"""The wires, one folder each: a listener and a connection."""
