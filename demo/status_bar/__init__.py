"""The line that says what is happening."""
