"""What the command line and the gateway share; takes typed values."""
