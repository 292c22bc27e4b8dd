"""The HTTP API through which a web app starts jobs, on this machine or on the platform."""
