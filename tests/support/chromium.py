"""Which Chromium tests and benchmarks drive, and what it leaves undone."""

from __future__ import annotations

import os
import shutil

from playwright.sync_api import Browser, Playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # Of two such lists the last one counts, so that Playwright's own stands here again; the two at
    # the end keep each new window from loading a page of the browser's own for its address bar.
    "--disable-features=AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,"
    "HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,LensOverlay,MediaRouter,PaintHolding,"
    "ThirdPartyStoragePartitioning,AvoidCorsURLLoaderRestartOnRedirect,OptimizationHints,"
    "NetworkTimeServiceQuerying,AimEnabled,PreconnectToSearch,"
    "WebUIOmniboxPopup,WebUIOmniboxAimPopup",
]


def launch(playwright: Playwright, *arguments: str) -> Browser:
    """Start the system's Chromium where there is one, else the one that Playwright installed.

    Parameters
    ----------
    playwright : Playwright
        Which starts it.
    arguments : str
        Of Chromium, besides those that all have.
    """
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    # Chromium refuses its sandbox to root, which is who tests in a container often are.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return playwright.chromium.launch(
        executable_path=found, args=[*_ARGUMENTS, *sandbox, *arguments]
    )
