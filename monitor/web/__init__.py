"""What answers over HTTP: metrics, probes, service discovery."""
