"""What is left of the proofs when the program's guards are taken out: see `python -m tests.sabotage --help`."""
