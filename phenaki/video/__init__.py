"""Video: frames in, files that browsers and editors play out."""

from phenaki.video.captions import Caption, captions_of
from phenaki.video.clip import write_clip
from phenaki.video.export import export_film
from phenaki.video.export_config import ExportConfig
from phenaki.video.film import open_film
from phenaki.video.footage import read_footage
from phenaki.video.frames import frames_to_video, read_image, video_to_frames
from phenaki.video.metadata import read_project
from phenaki.video.packing import pack_frames, unpack_frames

__all__ = [
    "Caption",
    "ExportConfig",
    "captions_of",
    "export_film",
    "frames_to_video",
    "open_film",
    "pack_frames",
    "read_footage",
    "read_image",
    "read_project",
    "unpack_frames",
    "video_to_frames",
    "write_clip",
]
