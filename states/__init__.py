"""The pure core of the worker: what a job is, and which steps it may take.

Every function here takes values and returns values. Nothing in this package reads a clock,
an environment, a file or a socket, so everything in it can be tested without a stand-in.
The shell around it is the package `worker`.
"""
