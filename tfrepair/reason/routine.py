"""Routine lines: what installers, builds, servers and forms say whether anything is wrong or not."""

from __future__ import annotations

import re

_ROUTINE = re.compile(
    # pip and conda
    r"Requirement already (?:satisfied|up-to-date): |Collecting \S|Downloading \S|Using cached \S|Preparing metadata "
    r"|Building wheels? for |Created wheel |Stored in directory: |Installing collected packages: |Looking in indexes: "
    r"|Successfully (?:installed|built|uninstalled) |\|?[\u2588\u2501]{3,}|#{8,}"
    r"|[\w.-]{1,60}==\d[\w.+!-]{0,40}\s*$|[\w.-]{1,60} {2,}\d[\w.+!-]{0,40}(?:\s+\S{1,80}){0,3}\s*$"
    # Debian's packages
    r"|(?:Get|Hit|Ign):\d+ |(?:Setting up|Unpacking|Preparing to unpack|Selecting previously|Processing triggers) "
    r"|(?:Reading|Building) (?:package|dependency|state) "
    # images, version control, folders
    r"|Step \d+/\d+ : |-{1,3}> (?:Running in |Using cache|[0-9a-f]{12})|Removing intermediate container "
    r"|(?:remote|Receiving objects|Resolving deltas): |Cloning into |[-dl](?:[r-][w-][xsStT-]){3}[.+@]?\s"
    # a sheet of the machine
    r"|[-*+\u2022]? ?\*{0,2}(?:RAM|Memory|Disk|Storage|SSD|HDD|Hard (?:disk|drive)|Laptop|Desktop|Monitor|IDE|Editor"
    r"|Browser|Bazel version|GCC/Compiler version|Mobile device)\b[^:\n]{0,40}:"
    # servers and training
    r"|\[[ID] [^\]\n]{0,60}\]|Epoch \d+/\d+|\S{0,40}[ \d:,.|\[-]{0,60}\b(?:INFO|DEBUG)\b"
)
_CLOSE = re.compile(
    r"^python +\d|tensor|keras|\btf[-_.]|numpy|scipy|protobuf|protoc\b|cuda|cudnn|cublas|nvidia|gpu|grpc|h5py|jax|torch"
    r"|gast|absl|flatbuf|wrapt|\bsix\b|typing.ext|ml.dtypes|setuptools|libstdc|libc6|mkl"
    r"|error|warn|fail|conflict|could not|cannot|not found|no match|invalid|missing|kill",
    re.IGNORECASE,
)
"""What TensorFlow needs or what tells of trouble: a line that names it is no routine."""
_HARMLESS = re.compile(
    r"FutureWarning: Passing \(type, 1\) or '1type' as a synonym|^_?np_\w{1,20} = np\.dtype\(\["
    r"|^To enable them in other operations, rebuild TensorFlow"
    r"|You are using pip version |^You should consider upgrading|^\[notice\] |^DEPRECATION: Python "
    r"|^-{3,}[ -]*$|^Package +Version|^# Name +Version"
    r"|A clear and concise description of |^Steps to reproduce the behaviou?r"
    r"|^\d\. (?:Go to|Click on|Scroll down to) '\.+'"
)
"""What TensorFlow and pip print of themselves and work, and what stood in a form."""
_INFORMATION = re.compile(r"\bI tensorflow/|^I\d{4} ")
"""What TensorFlow logs whether it works or not."""


def without_routine(text: str) -> str:
    """The lines that may tell why TensorFlow does not load; where none is left, all but what it logs in any case."""
    every = [line for line in text.split("\n") if not _INFORMATION.search(line)]
    lines = [line for line in every if not _ROUTINE.match(line.lstrip()) or _CLOSE.search(line)]
    telling = [line for line in lines if not _HARMLESS.search(line.lstrip())]
    return "\n".join(next((left for left in (telling, lines) if any(map(str.strip, left))), every))
