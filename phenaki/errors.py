"""Everything a caller can get wrong. Each message says what was given, what is accepted and what to do."""


class PhenakiError(Exception):
    """Parent of every error that is the caller's to mend; its text is fit for a screen."""


class ConfigError(PhenakiError):
    """A setting is out of range or of the wrong type."""


class TimelineError(PhenakiError):
    """A timeline, a segment or a prompt cannot be made into a film."""


class ProjectError(PhenakiError):
    """A project or story file cannot be read."""


class MediaError(PhenakiError):
    """A picture or a video cannot be read or written."""


class CheckpointError(PhenakiError):
    """A folder of weights is missing, truncated or belongs to something else."""


class ShapeError(PhenakiError):
    """A tensor or array has a shape that the callee does not accept."""


class DeviceError(PhenakiError):
    """The device asked for is not on this machine."""


class TrainingError(PhenakiError):
    """A training cannot go on: its numbers are no longer finite, or memory ran out."""


def shown(value: object, limit: int = 40) -> str:
    """A wrong value as a message shows it: on one line and short, whatever it is."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a number of thousands of digits; a list that holds itself
        text = f"a very large {type(value).__name__}"
    return text if len(text) <= limit else text[: limit - 1] + "…"
