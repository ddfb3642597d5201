"""One process that serves the page at / and says how it is at /health."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import threading
import time
from contextlib import suppress

from fastapi import FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware

import playground
from apps.address import is_loopback
from apps.api.door import Door
from apps.api.failures import Failures
from apps.api.security import SecurityHeaders
from apps.chat.service import ChatService
from apps.chat.store import ConversationStore
from playground.errors import PlaygroundError
from playground.models.engines.manager import ModelChoice
from playground.models.engines.residents import trim_memory
from playground.serving import Pool
from playground.settings import Settings

PRELOAD_AFTER_SECONDS = 4.0
TRIM_SECONDS = 20.0
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - only compared with what the user chose
_LOOPBACK = ["127.0.0.1", "localhost", "[::1]"]


def create_app(pool: Pool, start: ModelChoice, host: str = "127.0.0.1") -> FastAPI:
    """Build the service.

    Parameters
    ----------
    pool : Pool
        Lends the models.
    start : ModelChoice
        What a new visitor gets.
    host : str
        The address it will listen on; requests for other names are refused, which keeps foreign
        pages from reaching it by a name of theirs (DNS rebinding).
    """
    app = _guarded(host)

    @app.get("/health")
    def health() -> dict[str, str]:
        ready = "ready" if pool.model(start) else "loading" if pool.activity(start) else "idle"
        return {"status": "ok", "model": ready, "version": playground.__version__}

    service = ChatService(pool, ConversationStore(pool.settings.conversations_dir))
    _prepare_gradio()
    _mount_page(app, service, start, host)
    return app


def _guarded(host: str) -> FastAPI:
    """Return a service that answers nothing yet, behind its guards."""
    app = FastAPI(
        title="LLM Playground",
        version=playground.__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.add_middleware(Door)
    app.add_middleware(Failures)
    app.add_middleware(SecurityHeaders)
    allowed = ["*"] if host in _EVERYWHERE else [*_LOOPBACK, host]
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=allowed)
    return app


def _prepare_gradio() -> None:
    """Say what Gradio reads when it is first imported."""
    from apps.ui.exports import exports_folder

    # Gradio's own folder would be everybody's to read, and stay behind.
    os.environ["GRADIO_TEMP_DIR"] = str(exports_folder())
    # Gradio keeps figures of its last events, which nothing here shows.
    os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "1"


def _mount_page(app: FastAPI, service: ChatService, start: ModelChoice, host: str) -> None:
    """Put the page at /."""
    import gradio as gr

    from apps.ui.page import FAVICON, HEAD, build_ui
    from apps.ui.theme import PlaygroundTheme

    gr.mount_gradio_app(
        app,
        build_ui(service, start, is_loopback(host)),
        path="/",
        server_name=host,
        theme=PlaygroundTheme(),
        head=HEAD,
        favicon_path=str(FAVICON),
        footer_links=[],
        show_error=True,
        ssr_mode=False,
        enable_monitoring=False,
    )


def serve(host: str, port: int, start: ModelChoice, settings: Settings) -> None:
    """Serve until stopped; the model is loaded while the page already paints.

    Parameters
    ----------
    host, port : str, int
        Where to listen.
    start : ModelChoice
        What a new visitor gets.
    settings : Settings
        Where files lie.
    """
    import uvicorn

    _end_by_signals()
    pool = Pool(settings)
    app = create_app(pool, start, host)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        timeout_graceful_shutdown=1,
        proxy_headers=False,  # there is no proxy: whoever names one made it up
    )
    server = uvicorn.Server(config)
    # Open pages hold a stream each; cutting them at the end is no news.
    logging.getLogger("uvicorn.error").addFilter(lambda _: not server.should_exit)
    # The first page asks for the model itself, once it has painted; loading before that would take
    # the cores from the painting.
    preload = threading.Timer(PRELOAD_AFTER_SECONDS, _preload, (pool, start))
    preload.daemon = True
    preload.start()
    threading.Thread(target=_trim_now_and_then, name="trim", daemon=True).start()
    with suppress(KeyboardInterrupt):  # from the moment on that the line offers it
        print(f"LLM Playground: http://{_shown(host)}:{port} (Ctrl-C ends it)", flush=True)  # noqa: T201 - for the person at the terminal
        server.run()


def _end_by_signals() -> None:
    """Let a signal end the process like Ctrl-C: left alone, its files for export would stay."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    if hangup := getattr(signal, "SIGHUP", None):  # the terminal was closed; Windows has none
        signal.signal(hangup, lambda *_: signal.raise_signal(signal.SIGTERM))


def _shown(host: str) -> str:
    """Return a host that a browser on this machine can open."""
    return "127.0.0.1" if host in _EVERYWHERE else f"[{host}]" if ":" in host else host


def _trim_now_and_then() -> None:
    time.sleep(TRIM_SECONDS)
    # The libraries are here by now, half a million objects. Looked through at each full collection
    # they cost every reply a quarter of a second.
    gc.collect()
    gc.freeze()
    while True:
        trim_memory()
        time.sleep(TRIM_SECONDS)


def _preload(pool: Pool, choice: ModelChoice) -> None:
    with suppress(PlaygroundError):  # the pool keeps the reason, and the badge shows it
        pool.preload(choice)
