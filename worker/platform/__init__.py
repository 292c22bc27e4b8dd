"""The platform that runs the worker: Scaleway Serverless Jobs."""
