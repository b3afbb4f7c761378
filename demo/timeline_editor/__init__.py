"""The prompt timeline that people edit."""
