"""Who owns a job: the checkpoint log, the fence, the claim and the lease."""
