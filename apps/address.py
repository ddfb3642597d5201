"""Addresses that are given from outside, tried before anything heavy is loaded."""

from __future__ import annotations

import errno
import os
import socket
from ipaddress import ip_address
from urllib.request import getproxies

from playground.errors import PlaygroundError
from playground.sentences import quoted

LAST_PORT = 65535
PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")


def require_proxies() -> None:
    """Read the proxies that the environment names.

    Raises
    ------
    PlaygroundError
        When one is no address that can be used; every request to a hub would fail on it.
    """
    for name, address in getproxies().items():
        if name != "no" and address.partition("://")[0] not in PROXY_SCHEMES:
            raise PlaygroundError(
                f"The proxy for {name} in the environment must begin with "
                f"{', '.join(f'{scheme}://' for scheme in PROXY_SCHEMES[:-1])} or "
                f"{PROXY_SCHEMES[-1]}://, got {quoted(address)}; set it anew or unset it."
            )


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address; a name that is not known cannot."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def require_free_address(host: str, port: int) -> None:
    """Bind the address once and let it go.

    Raises
    ------
    PlaygroundError
        When it is taken, not allowed, or no address of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as listener:
            if os.name == "posix":
                # As the server does: a port whose last connections still fade away is free.
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except (OSError, UnicodeError) as error:
        raise PlaygroundError(_sentence(host, port, error)) from error


def _sentence(host: str, port: int, error: Exception) -> str:
    code = getattr(error, "errno", None)
    other = port + 1 if port < LAST_PORT else port - 1
    if code == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken; choose another: playground ui --port {other}"
    if code == errno.EACCES:
        return (
            f"Port {port} on {host} is kept for the system; choose one from 1024 to {LAST_PORT}, "
            f"such as: playground ui --port 7860"
        )
    return (
        f"{host} is no address of this machine ({error}); use 127.0.0.1 for this machine alone, "
        f"or 0.0.0.0 for every network it is on."
    )
