"""Phenaki: films of any length from a story, a sequence of prompts laid along time."""

from phenaki.config import ModelConfig, SamplingConfig
from phenaki.errors import (
    CheckpointError,
    ConfigError,
    DeviceError,
    MediaError,
    PhenakiError,
    ProjectError,
    ShapeError,
    TimelineError,
)
from phenaki.events import FramesReady, GenerationEvent, SegmentFinished, SegmentStarted, TokensRefined
from phenaki.pipeline import Phenaki
from phenaki.plan import PlannedClip, clips_to_make, plan_clips
from phenaki.project import Project
from phenaki.segment import MAX_BEHIND, MAX_PROMPT_CHARS, MAX_SECONDS, MAX_SEED, Segment
from phenaki.shapes import ClipShape
from phenaki.timeline import MAX_SEGMENTS, PlannedSegment, Timeline, opens_shot
from phenaki.video import (
    Caption,
    ExportConfig,
    captions_of,
    export_film,
    pack_frames,
    read_footage,
    read_image,
    read_project,
    unpack_frames,
    write_clip,
)

__version__ = "0.1.0"

__all__ = [
    "MAX_BEHIND",
    "MAX_PROMPT_CHARS",
    "MAX_SECONDS",
    "MAX_SEED",
    "MAX_SEGMENTS",
    "Caption",
    "CheckpointError",
    "ClipShape",
    "ConfigError",
    "DeviceError",
    "ExportConfig",
    "FramesReady",
    "GenerationEvent",
    "MediaError",
    "ModelConfig",
    "Phenaki",
    "PhenakiError",
    "PlannedClip",
    "PlannedSegment",
    "Project",
    "ProjectError",
    "SamplingConfig",
    "Segment",
    "SegmentFinished",
    "SegmentStarted",
    "ShapeError",
    "Timeline",
    "TimelineError",
    "TokensRefined",
    "__version__",
    "captions_of",
    "clips_to_make",
    "export_film",
    "opens_shot",
    "pack_frames",
    "plan_clips",
    "read_footage",
    "read_image",
    "read_project",
    "unpack_frames",
    "write_clip",
]
