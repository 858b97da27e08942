"""What this machine has for the runs that share it: processors, memory, GPUs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

GPUS, VISIBLE = "AUTOML_GPUS", "CUDA_VISIBLE_DEVICES"
CONTROL_GROUP = Path("/sys/fs/cgroup")  # a container sees its own there
HIDDEN = "the run has asked for no GPU, so its steps see none: --gpus N"
_LISTED = re.compile(r"^GPU (\d+): *(.*?) *(?:\(UUID: ([\w-]+)\))?$", re.MULTILINE)


def cpu() -> int:
    """The processors that this process may use, in millicores."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    share, _, period = _limit("cpu.max").partition(" ")
    return min(cores * 1000, int(share) * 1000 // int(period)) if share.isdecimal() else cores * 1000


def memory() -> int:
    """The memory that this process may use, in bytes."""
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = _limit("memory.max")
    return min(whole, int(limit)) if limit.isdecimal() else whole


def may_have_gpus(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether it is worth the time to look for GPUs."""
    return bool(environment[GPUS]) if GPUS in environment else shutil.which("nvidia-smi") is not None


def hides_gpus(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether steps of a run that has asked for none are kept from GPUs: there may be some, and nobody has said which."""
    return VISIBLE not in environment and may_have_gpus(environment)


def gpus(environment: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """The numbers of the GPUs: those that $AUTOML_GPUS names, or all that the driver knows and CUDA may see."""
    if GPUS in environment:
        names = (name.strip() for name in environment[GPUS].split(","))
        return tuple(dict.fromkeys(name for name in names if name))
    listed = _LISTED.findall(_nvidia_smi())
    if VISIBLE not in environment:
        return tuple(number for number, _, _ in listed)
    visible = [name.strip() for name in environment[VISIBLE].split(",") if name.strip()]
    return tuple(
        number
        for number, _, uuid in listed
        if number in visible or any(uuid.startswith(name) for name in visible if not name.isdecimal())
    )


def models() -> dict[str, str]:
    """What the driver calls each GPU that it knows, by its number."""
    return {number: name for number, name, _ in _LISTED.findall(_nvidia_smi())}


def is_model(name: str, model: str) -> bool:
    """Whether a GPU is of a model: its name, in the words of a cluster with dashes between them, or one of the words."""
    words = re.split(r"[ -]+", name.lower())
    return model.lower() in ("-".join(words), *words)


def variables(numbers: Sequence[str]) -> dict[str, str]:
    """What tells programs which GPUs are theirs, by the numbers that the driver gives them."""
    return {VISIBLE: ",".join(numbers), "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}


def _nvidia_smi() -> str:
    with suppress(OSError, subprocess.SubprocessError):
        command = ["nvidia-smi", "-L"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        return done.stdout
    return ""


def _limit(name: str) -> str:
    with suppress(OSError):
        return CONTROL_GROUP.joinpath(name).read_text(encoding="ascii").strip()
    return ""
