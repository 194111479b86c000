"""Faces as JSON text and back; lists in JSON are tuples in faces."""

from __future__ import annotations

import json
from typing import Any

from bridge.core.record import Face

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def dump(value: Any) -> str:
    """Compact JSON."""
    return _encode(value)


def load_face(text: str) -> Face:
    """A face from its JSON."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in json.loads(text).items()}
