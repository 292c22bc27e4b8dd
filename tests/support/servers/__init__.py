"""Real S3 servers, on loopback and free ports, for the tests that need one."""
