"""What a service keeps at hand."""
