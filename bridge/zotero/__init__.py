"""The Zotero side: item JSON to records and back, the session with the library, and the one interface of a side.

Nothing is imported here: the pure half (mapping and its neighbours) must not cost what the network half costs.
"""
