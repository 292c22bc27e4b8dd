"""Time, threads, processes, retries and logs of this machine."""
