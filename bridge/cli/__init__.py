"""The command line: click, words for people, exit codes, and nothing else.

Three things live only here: what a person is told to do about an error (:mod:`bridge.cli.advice`, by its class), the
exit codes of the contract (:mod:`bridge.cli.codes`), and questions at a terminal (:mod:`bridge.cli.talk`). Each command
is one small module that is imported when it is called, so that ``bridge --help`` costs next to nothing.
"""

from bridge.cli.root import main

__all__ = ["main"]
