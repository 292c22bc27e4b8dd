"""The engine `fondation`: drives the Fondation CLI, a Node.js program that is not trusted."""
