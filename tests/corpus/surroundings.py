"""Whether `explain` names the same cause when other output stands around a text: `python tests/corpus/surroundings.py`.

Each case of a part is explained as it is and with a block of lines before it that say nothing of the failure: what pip,
apt, a server or a healthy TensorFlow prints. Of the texts that end with an exception, those with another cause than GPUs
also get what TensorFlow logs on a machine without one. Printed is how often the cause stays right, and how often another
one is named. `--cases N` takes the N cases of a part whose ids have the smallest SHA-256.
"""

from __future__ import annotations

import argparse
import hashlib
import re

from accuracy import PARTS, Outcome, cases, known_without, outcome

from tfrepair.playbook.loader import load_builtin

NAMES = [
    "requests",
    "idna",
    "urllib3",
    "certifi",
    "click",
    "flask",
    "jinja2",
    "werkzeug",
    "markupsafe",
    "pyyaml",
    "tqdm",
    "pillow",
    "matplotlib",
]
ROUTINE = {
    "pip": "\n".join(f"Requirement already satisfied: {n} in ./venv/lib/python3/site-packages (1.0)" for n in NAMES),
    "pip, downloading": "\n".join(f"Collecting {n}\n  Downloading {n}-1.0-py3-none-any.whl (50 kB)" for n in NAMES),
    "pip list": "Package    Version\n---------- -------\n" + "\n".join(f"{n:10} 1.0" for n in NAMES),
    "apt": "\n".join(f"Get:1 mirror focal/main amd64 {n} 1.2-1 [9 kB]\nSetting up {n} (1.2-1) ..." for n in NAMES),
    "a server": "\n".join(f"2024-05-01 10:11:{n:02},123 INFO app - request {n} handled in 12 ms" for n in range(15)),
    "NumPy's warning": (
        "site-packages/tensorflow/python/framework/dtypes.py:516: FutureWarning: Passing (type, 1) or '1type' as a synonym"
        " of type is deprecated; in a future version of numpy, it will be understood as (type, (1,)) / '(1,)type'.\n"
        '  _np_qint8 = np.dtype([("qint8", np.int8, 1)])'
    ),
    "a form": "**Describe the bug**\nA clear and concise description of what the bug is.\n\n- RAM: 16 GB\n- Disk: 512 GB",
}
LOGGED = {
    "no CUDA": (
        "2022-03-01 10:11:12.123456: W tensorflow/stream_executor/platform/default/dso_loader.cc:64] Could not load dynamic"
        " library 'libcudart.so.11.0'; dlerror: libcudart.so.11.0: cannot open shared object file: No such file or directory"
    ),
    "no driver": (
        "2022-03-01 10:11:13.123456: W tensorflow/stream_executor/cuda/cuda_driver.cc:269] failed call to cuInit: UNKNOWN"
        " ERROR (303)\n2022-03-01 10:11:13.123456: I tensorflow/stream_executor/cuda/cuda_diagnostics.cc:156] kernel driver"
        " does not appear to be running on this host (box): /proc/driver/nvidia/version does not exist"
    ),
    "names of TensorFlow 1": (
        "WARNING:tensorflow:From train.py:12: The name tf.placeholder is deprecated. Please use tf.compat.v1.placeholder"
        " instead."
    ),
}
_RAISED = re.compile(r"^\s*(\w+\.)*\w*(Error|Exception)\b(:|$)", re.MULTILINE)
_OF_GPUS = re.compile(r"cuda|gpu|driver")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=100, metavar="N", help="of each part (default 100)")
    parser.add_argument("--part", action="append", choices=PARTS, help="only this one")
    arguments = parser.parse_args()
    for part in arguments.part or PARTS:
        ordered = sorted(cases(part), key=lambda case: hashlib.sha256(case["id"].encode()).hexdigest())
        plain = explained(part, ordered[: arguments.cases])
        print(f"{part} ({len(plain)} cases), as they are: {right(plain)}")
        for name, block in ROUTINE.items():
            tell(part, name, block, plain)
        raised = [
            one for one in plain
            if _RAISED.search(one.case["error_text"]) and not _OF_GPUS.search(one.case["root_cause"])
        ]  # fmt: skip
        if raised:
            print(f"  {len(raised)} of them end with an exception that is not about GPUs: {right(raised)}")
        for name, block in LOGGED.items():
            tell(part, name, block, raised)


def explained(part: str, chosen: list[dict], block: str = "") -> list[Outcome]:
    playbooks, known = load_builtin(), known_without(part)
    around = (case | {"error_text": f"{block}\n{case['error_text']}".lstrip()} for case in chosen)
    return [outcome(case, playbooks, known, platform=True) for case in around]


def right(results: list[Outcome]) -> str:
    return f"{sum(one.right for one in results) / len(results):.1%} named first"


def tell(part: str, name: str, block: str, plain: list[Outcome]) -> None:
    if plain:
        among = explained(part, [one.case for one in plain], block)
        changed = sum(one.named[:1] != other.named[:1] for one, other in zip(plain, among, strict=True))
        print(f"    below {name}: {right(among)}, another cause in {changed / len(plain):.1%}")


if __name__ == "__main__":
    main()
