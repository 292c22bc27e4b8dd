"""The HTTP API by which a web app starts jobs: on this machine, or on the platform."""
