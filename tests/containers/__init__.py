"""The image and the stack of docker-compose.yml in real containers.

Only `.ci/containers` runs these tests.
"""
