"""One run of a job: from the claim to its end."""
