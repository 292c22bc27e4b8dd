"""Events for the webhook: announced by checkpoints, sent until acknowledged."""
