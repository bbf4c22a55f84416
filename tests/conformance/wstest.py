# The suite's own program, on loopback only, and with a line at a time.
import os
import sys

sys.stdout = os.fdopen(1, "w", 1)
import autobahntestsuite  # noqa: E402, F401  installs Twisted's reactor
from twisted.internet import reactor  # noqa: E402

listen = reactor.listenTCP
reactor.listenTCP = lambda port, factory, backlog=50, interface="": listen(
    port, factory, backlog, interface or "127.0.0.1"
)
from autobahntestsuite.wstest import run  # noqa: E402

run()
