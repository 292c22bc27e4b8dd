"""The services that the command line and the gateway share."""
