"""The list of films that wait or are being made."""
