"""The engine that asks a model: calls to the Messages API, and the course made from them."""
