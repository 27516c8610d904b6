"""What came in at the bank."""
