"""The player that shows each clip when it is finished."""
