"""Citation keys that several papers bear: links and citations by such a key may mean either, so it is said, once.

Nothing is done about it: notes and links stay apart (R27), and which paper gets another key is for a person to say.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.state import State

#: Meta name: the keys that were spoken of, as a JSON array.
SAID = "ambiguous-keys"
#: More new ones than this are only counted.
_NAMED = 3


def news(state: State) -> list[str]:
    """What there is to say about keys nobody was told of yet; to be asked when a note or a citation key came."""
    found = state.notes.ambiguous()
    said = set(json.loads(state.get_meta(SAID) or "[]"))
    new = [key for key in found if key not in said]
    if said != found.keys():
        with state.transaction():
            state.set_meta(SAID, json.dumps(sorted(found)))
    if len(new) > _NAMED:
        return [f"{len(new)} citation keys belong to several papers each; bridge status lists them."]
    return [
        f"The citation key {key} belongs to {len(found[key])} papers ({', '.join(found[key])}):"
        " links and citations may mean either."
        for key in new
    ]
