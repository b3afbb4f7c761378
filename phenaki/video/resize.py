"""From a model's pictures to those of the exported film."""

from __future__ import annotations

import numpy as np
from PIL import Image

from phenaki.video.export_config import ExportConfig


def resize(picture: np.ndarray, config: ExportConfig) -> np.ndarray:
    """Bring one picture to ``config.picture_size``.

    Args:
        picture: (H, W, 3) uint8.

    Returns:
        (H', W', 3) uint8.
    """
    height, width = picture.shape[:2]
    tall, wide = config.picture_size(height, width)
    if config.enlarge == "nearest":
        factor = min(tall // height, wide // width)
        picture = picture.repeat(factor, axis=0).repeat(factor, axis=1)
        # an odd side: its last row or column is doubled
        odd = (tall - picture.shape[0], wide - picture.shape[1])
        return np.pad(picture, ((0, odd[0]), (0, odd[1]), (0, 0)), mode="edge") if any(odd) else picture
    if (height, width) == (tall, wide):
        return picture
    return np.asarray(Image.fromarray(picture).resize((wide, tall), Image.Resampling.BICUBIC))
