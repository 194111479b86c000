"""The daemon as a service of the machine: installed, started, stopped, and asked how it is.

* :mod:`bridge.service.units`: the text of a systemd user unit and of a launchd agent; pure;
* :mod:`bridge.service.manager`: systemd, launchd, or a plain process where neither is there;
* :mod:`bridge.service.sdnotify`: what the daemon tells systemd while it runs;
"""
