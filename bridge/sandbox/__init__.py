"""The sandbox library: a small faithful Zotero Web API v3 server on SQLite.

It is the demo's library and the tests' server, and can be made to fail on purpose. It is not where people keep
their papers. Facts about the real server come from zotero/dataserver and from runs of it (August 2026).
"""
