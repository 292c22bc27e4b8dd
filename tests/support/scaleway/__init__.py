"""A stand-in for Scaleway's Serverless Jobs (v1alpha2), as far as the worker knows it."""
