#!/usr/bin/python3
"""As systemd with a socket unit: opens the socket, keeps it, and starts the service on it again whenever it has ended."""

import os
import signal
import socket
import subprocess
import sys

path, *command = sys.argv[1:]
listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
listening.bind(path)
os.chmod(path, 0o666)
listening.listen(511)
os.dup2(listening.fileno(), 3, inheritable=True)
shell = ["sh", "-c", 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"', "sh"]
service, stopping = None, False


def stop(*_):
    global stopping
    stopping = True
    if service is not None:
        service.terminate()


signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGHUP, lambda *_: service.terminate())
while not stopping:
    service = subprocess.Popen(shell + command, pass_fds=(3,))
    if stopping:  # told between two of them
        service.terminate()
    service.wait()
