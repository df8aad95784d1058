"""Photographs from outside, drawn anew: what goes on is a fresh JPEG that holds pixels and nothing else."""

from records.pictures.picture import MOST_BYTES, PictureRefused, redraw

__all__ = ["MOST_BYTES", "PictureRefused", "redraw"]
