"""Several threads that need the heavy libraries first, at once: each gets them whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

AT_ONCE = """
import sys, threading
from pathlib import Path
from playground.models.acquire.folder import has_chat_template
from playground.models.acquire.local import register_path
from playground.models.engines.choice import pick_engine
from playground.models.engines.precision import Precision, read_shape
from playground.models.text.tokenizer import load_tokenizer
from playground.settings import Settings

folder, faults = Path(sys.argv[1]), []
gate = threading.Barrier(4)

def first(work):
    gate.wait()
    try:
        work()
    except Exception as error:
        faults.append(repr(error))

jobs = (
    lambda: read_shape(folder),
    lambda: load_tokenizer(folder),
    lambda: pick_engine(register_path(folder, Settings.from_env()), Precision.FP32),
    lambda: register_path(folder, Settings.from_env()),
)
threads = [threading.Thread(target=first, args=(job,)) for job in jobs]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(faults)
"""


def test_threads_that_import_at_once_each_get_the_whole_library(tiny_model_folder: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", AT_ONCE, str(tiny_model_folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.stdout.strip() == "[]", told.stdout + told.stderr
