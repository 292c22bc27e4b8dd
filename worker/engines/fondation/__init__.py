"""The engine `fondation`: drives the Fondation CLI, a Node.js program of which nothing is believed."""
