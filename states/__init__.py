"""The pure core of the worker: the states of a job, and the transitions between them.

Every function here takes values and returns values. Nothing in this package reads a clock, an
environment, a file or a socket, so all of it can be tested without fakes. The package `worker` is
the shell around it.
"""
