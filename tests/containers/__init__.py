"""The image and the stack of docker-compose.yml, in real containers: `.ci/containers` runs this, and nothing else does."""
