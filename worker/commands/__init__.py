"""What the program can be told to do: a function for each command, from arguments and environment to an answer."""
