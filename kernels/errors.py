"""What a caller of a kernel can get wrong."""


class KernelError(Exception):
    """The message says what was given, what is accepted and what to do."""
