"""The image and the stack of docker-compose.yml in real containers.

`.ci/containers` runs this, nothing else does.
"""
