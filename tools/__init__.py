"""What a model may look up or run: copies of the work tree, commands in a sandbox, the project's tests."""
