"""`python -m monitor` is the command `netvigil`."""

from monitor.cli import main

main()
