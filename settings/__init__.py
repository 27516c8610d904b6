"""What a user may set, where each value comes from, and where files live. Imports nothing of ours."""
