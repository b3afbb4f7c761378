"""The browser app: a prompt timeline, a player that shows each clip when it is finished, and an MP4 to keep."""

import os

# Read once by gradio when it is imported, so it has to be here, before any module of this package imports it.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
