"""The command line as an eye: what switches print over SSH, taken apart into rows."""
