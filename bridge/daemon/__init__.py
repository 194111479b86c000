"""Keeping a vault and its libraries in step for months: lock, wake-ups, quiet period, pace, orders, shutdown.

Events only wake; scans decide. Whatever rings, be it a file, a timer, a signal or another process, says nothing but
"look again", so an echo of an own write ends as a look that finds nothing.

* :mod:`bridge.daemon.bell`: what wakes the loop, from signal handlers, threads and other processes alike;
* :mod:`bridge.daemon.pace`: when Zotero is asked next, after success and after trouble;
* :mod:`bridge.daemon.mailbox`: orders that other commands hand over while the daemon holds the vault (R37);
* :mod:`bridge.daemon.status`: what the daemon tells of itself, for ``bridge status``;
* :mod:`bridge.daemon.push`: whether Zotero announces its changes;
* :mod:`bridge.daemon.settings`: a configuration edited while the daemon runs;
* :mod:`bridge.daemon.listener`: who is told, the log among them;
* :mod:`bridge.daemon.loop`: the loop;
* :mod:`bridge.daemon.absent`: waiting for a vault whose disk is not there yet;
* :mod:`bridge.daemon.process`: signals, and an end within a second.
"""
