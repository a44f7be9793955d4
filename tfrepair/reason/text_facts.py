"""What a text tells about the machine where it was printed: system, processor, interpreter, versions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tfrepair.model.facts import Fact, Facts, Known

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = "text"

_SYSTEMS = {
    "windows": (
        r"\b[A-Za-z]:\\|\bWinError\b|DLL load failed|\.pyd\b|win_amd64|win32|\\site-packages\\|\w\.dll\b"
        r"|NVIDIA-SMI (?:4[5-9]|[5-9]\d)\d\.\d\d |\bWDDM\b|Pacific_(?:Daylight|Standard)_Time"
    ),
    "darwin": (
        r"/Users/\w|\.dylib\b|mach-o|\bDarwin\b|macosx_|Illegal instruction: 4|zsh: \*{0,2}(abort|illegal hardware)"
        r"|libc\+\+abi"
    ),
    "linux": (
        r"/home/\w|\blib[\w+-]+\.so\.\d|manylinux|linux_(x86_64|aarch64|armv7l)|\(core dumped\)|GLIBC(XX)?_\d"
        r"|/dist-packages/|/usr/lib/|/proc/driver"
    ),
}
# What people write of their machine. It counts where no line of a program says it.
_SPOKEN_SYSTEMS = {
    "windows": r"(?i:\bwin(?:dows)?[ _-]?(?:7|8(?:\.1)?|10|11|server)\b|\bwindows\b(?! subsystem))",
    "darwin": (
        r"(?i:(?<![a-z])(?:mac ?os|os ?x|i?mac(?:s|book| ?air| ?mini| ?studio)?)(?![a-z])|\bapple (?:silicon|m\d))"
    ),
    "linux": (
        r"(?i:\blinux\b|\bubuntu|\bdebian\b|\bcentos|\bfedora\b|\bred ?hat\b|\brhel\b|\bmanjaro\b|\bopensuse\b"
        r"|\brasp(?:bian|berry)|\bjetson\b|\bwsl ?2?\b)"
    ),
}
# Where neither is said: commands of containers, and folders of their images. `/usr/local/lib` is a Mac's as well.
_CONTAINER = re.compile(
    r"\bdocker (?:run|exec|build|compose)\b|\bdocker-compose\b|\bnvidia-docker\b|\btensorflow/tensorflow:|\bnvcr\.io/"
    r"|\bDockerfile\b|(?<![\w.:/])/(?:opt/conda|root|usr/local/cuda[\w.-]{0,20})/"
)
_EXAMPLE = re.compile(r"\(e\.g\.[^)\n]{0,200}\)")
"""What a form for reports gives as an example of an answer."""
_APPLE = re.compile(r"(?i:\bapple (?:silicon\w*|m[1-9]\b))|(?<![A-Za-z0-9.])[Mm][1-9](?![A-Za-z0-9.])")
"""Apple's own processors; a bare `M1` counts where a Mac is spoken of."""
_MACHINES = {
    "aarch64": r"\b(linux_)?aarch64\b",
    "arm64": r"\bmacosx_\d+_\d+_arm64\b|\barm64e?\b(?!\))",
    "armv7l": r"\b(linux_)?armv[67]l\b|arm-linux-gnueabihf",
    "x86_64": r"x86_64-linux-gnu|\blinux-x86_64\b|\[MSC v\.\d+ 64 bit \(AMD64\)\]",
}
_JETSON = re.compile(r"(?i:\bjetson\b|\bjetpack\b)")
_SMI = re.compile(r"NVIDIA-SMI (\d{3})\.[\d.]{2,7}[^\n]{0,40}Driver Version: (\d{3})\.")
_KERNEL = r"(?:kernel reported version is: |NVRM version: NVIDIA UNIX \S{1,12} Kernel Module {1,4})(\d[\d.]{2,20})"
_BEFORE_WSL = re.compile(r"3\d\d|4[0-3]\d")
"""In WSL the driver is that of Windows, and has a number of its own."""
_PYTHONS = (
    r"\bPython (\d\.\d{1,2}(?:\.\d{1,2})?)\b[^\n]{0,40}[(|]",
    r"\bpython[ =]{1,3}(\d\.\d{1,2}(?:\.\d{1,2})?)\b",
    r"[/\\](?:lib[/\\])?python(\d\.\d{1,2})[/\\]",
    r"[/\\][Pp]ython[ _-]?(\d)(\d{1,2})(?:-32)?[/\\]",
    r"\(python (\d\.\d{1,2})\)",
    r"-cp(\d)(\d{1,2})-(?:cp|none)",
    r"(?i:\bpython)(?i: version)?(?: is)?[ :=]{0,3}v?([23]\.\d{1,2}(?:\.\d{1,2})?)\b",
)
_BITS_32 = (
    r"(?i:\b(i (have|had|use|used|installed)|i.?m (using|on)|using|(my |the |your )?python (is|was)|it (is|was)) "
    r"(a |an |the )?32[- ]?bits?\b)"
    r"|[Pp]ython\d{2,3}-32[/\\]|\b32 bit \(Intel\)|\bwin32\.whl|-win32\b|/win-32\b"
)
_NAMES = ("numpy", "protobuf", "keras", "setuptools", "tensorboard", "typing_extensions", "h5py", "ml_dtypes")
_MODULE = re.compile(r"[/\\](?:site|dist)-packages[/\\](?P<module>tensorflow|numpy|keras|google|h5py|six|absl)[/\\]")
_BORDER = re.compile(r"[\s\"'<>|*?()=,;]")
"""What does not belong to a path."""
_LONGEST_FOLDER = 200
_HOME = re.compile(r"^(?:file://)?(?:/home/[^/]+|/Users/[^/]+|/root|[a-z]:\\users\\[^\\]+)", re.IGNORECASE)
"""How Jupyter writes it is `~`."""
_MUSL = r"ld-musl|musllinux|Error (relocating|loading shared library)|\bapk add\b|/cache/apk\b|(?i:\balpine)"
_NUMBER = r"(\d{1,4}(?:\.\d{1,4}){1,3}(?:(?:rc|a|b|\.dev|\.post)\d{1,8})?)"
_TENSORFLOW = r"tensorflow(?:[_-](?:cpu|gpu|intel|macos|rocm))?"
_TENSORFLOW_AT = (
    rf"Successfully installed[^\n]{{0,900}}\b{_TENSORFLOW}-{_NUMBER}",
    rf"(?:Found existing installation: |Using cached |Downloading ){_TENSORFLOW}[- ]{_NUMBER}",
    rf"\b{_TENSORFLOW} {_NUMBER} (?:requires|depends on|has requirement)",
    rf"\b{_TENSORFLOW}(?:==|-){_NUMBER}\b",
    rf"\bTensorFlow (?:version:? )?{_NUMBER}\b",
    rf"(?i:\b{_TENSORFLOW}|\btf)(?i:[ _]?(?:version|v))?(?: is)?[ \t:=-]{{0,40}}v?{_NUMBER}\b",
)
REFUSED = "is not a supported wheel"
"""The wheel that pip refuses says what it is for; what the index has says nothing of it."""
_WHEEL = re.compile(r"\S{1,300}\.whl")
"""What a refused wheel is for is what this machine is not."""
_TOO_MUCH = 400_000
"""How much of a text is searched for facts: its beginning and its end say it."""


def facts_in(text: str) -> Facts:
    """The facts that a text tells. What it says two ways, it does not say."""
    if len(text) > _TOO_MUCH:
        text = f"{text[: _TOO_MUCH // 2]}\n{text[-_TOO_MUCH // 2 :]}"
    told = _told(_EXAMPLE.sub("", _WHEEL.sub(" ", text) if REFUSED in text else text))
    return Facts.of(Fact(path=path, state=Known(value), source=SOURCE) for path, value in told)


def _told(text: str) -> Iterator[tuple[str, Any]]:
    system = _only(_SYSTEMS, text) or _only(_SPOKEN_SYSTEMS, text) or ("linux" if _CONTAINER.search(text) else None)
    if system:
        yield "host.system", system
    if machine := _only(_MACHINES, text) or _spoken_machine(system, text):
        yield "host.machine", machine
        yield "interpreter.machine", machine
    yield from _processor(text)
    if re.search(_MUSL, text):
        yield "host.libc", "musl"
    if re.search(_BITS_32, text):
        yield "interpreter.bits", 32
    yield "gpu.versions_differ", _parts_of_driver_differ(text)
    if python := _first(_PYTHONS, text):
        yield "interpreter.version", python
        yield "interpreter.minor", ".".join(python.split(".")[:2])
    if tensorflow := _first(_TENSORFLOW_AT, text):
        yield "tensorflow.version", tensorflow
    yield "search_path.copies", _copies(text)
    for name in _NAMES:
        if version := _version_of(name, text):
            yield f"distribution.{name.replace('_', '-')}.version", version


def _copies(text: str) -> list[dict[str, Any]]:
    """Modules with files in several folders of packages; a folder that can be written in several ways is one."""
    folders: dict[str, dict[str, str]] = {}
    for match in _MODULE.finditer(text):
        folder = _BORDER.split(text[max(match.start() - _LONGEST_FOLDER, 0) : match.start()])[-1]
        if folder.startswith(("/", "~")) or folder[1:2] == ":":
            folders.setdefault(match["module"], {}).setdefault(_one_way(folder), folder)
    return [{"module": module, "paths": list(found.values())} for module, found in folders.items() if len(found) > 1]


def _one_way(folder: str) -> str:
    """With the home folder as `~`, lib64 as lib, and in lower case where Windows is."""
    short = _HOME.sub("~", folder).replace("lib64", "lib")
    return short.lower() if "\\" in short else short


def _spoken_machine(system: str | None, text: str) -> str | None:
    if system == "darwin" and _APPLE.search(text):
        return "arm64"
    return "aarch64" if _JETSON.search(text) else None


def _processor(text: str) -> Iterator[tuple[str, Any]]:
    """A processor without AVX that is named; of one that has it a text need not fail for AVX, but may for AVX2."""
    named = {name: has_avx(name) for name in (match[0].strip() for match in _CPU.finditer(text))}
    without = [name for name, avx in named.items() if avx is False]
    if without and not any(named.values()):
        yield "host.cpu_name", without[0].rpartition(": ")[2][:_NAME_LENGTH]
        yield "host.has_avx", False


def _parts_of_driver_differ(text: str) -> bool:
    """Whether the kernel's part of the NVIDIA driver and its library tell two versions."""
    own, kernel = (
        {version.removesuffix(".0") for version in re.findall(pattern, text)}
        for pattern in (r"libcuda reported version is: ([\d.]{3,20})", _KERNEL)
    )
    tools = {(tool, driver) for tool, driver in _SMI.findall(text) if tool != driver and _BEFORE_WSL.match(tool)}
    return bool(tools) or (bool(own and kernel) and own.isdisjoint(kernel))


def _only(patterns: dict[str, str], text: str) -> str | None:
    found = [name for name, pattern in patterns.items() if re.search(pattern, text)]
    return found[0] if len(found) == 1 else None


def _first(patterns: tuple[str, ...], text: str) -> str | None:
    for pattern in patterns:
        versions = {".".join(part for part in match.groups() if part) for match in re.finditer(pattern, text)}
        if len(versions) == 1:
            return versions.pop()
    return None


def _version_of(name: str, text: str) -> str | None:
    """The version that is installed, as pip or a warning tells it; the last one said counts."""
    own = name.replace("_", "[_-]")
    patterns = (
        rf"\bSuccessfully installed[^\n]{{0,900}}\b{own}-{_NUMBER}",
        rf"\byou have {own} {_NUMBER}",
        rf"\bRequirement already satisfied: {own}[^\n]{{0,300}}\({_NUMBER}\)",
        rf"(?i:\b{own}) {_NUMBER} as it may crash",
        rf"(?<![\w-])(?i:{own})(?:==| version:? | {{1,40}}){_NUMBER}\b(?! requires)",
    )
    for pattern in patterns:
        if found := re.findall(pattern, text):
            return str(found[-1])
    return None


def stated_machine(
    *, system: str | None, machine: str | None, python: str | None, tensorflow: str | None, cpu: str | None
) -> Facts:
    """What the user says of the machine, as facts."""
    values: dict[str, Any] = {}
    if system:
        values["host.system"] = {"macos": "darwin", "mac": "darwin", "osx": "darwin", "win": "windows"}.get(
            system.lower(), system.lower()
        )
    if machine:
        name = machine.lower()
        name = {"x64": "x86_64", "amd64": "x86_64", "armhf": "armv7l"}.get(name, name)
        values["host.machine"] = values["interpreter.machine"] = name
        values["interpreter.bits"] = 32 if name in _MACHINES_32 else 64
    if python:
        values["interpreter.version"] = python
        if "." in python:
            values["interpreter.minor"] = ".".join(python.split(".")[:2])
    if tensorflow:
        values["tensorflow.version"] = tensorflow
    if cpu:
        values["host.cpu_name"] = cpu
        if (avx := has_avx(cpu)) is not None:
            values["host.has_avx"] = avx
    return Facts.of(Fact(path=path, state=Known(value), source="command line") for path, value in values.items())


_CPU = re.compile(
    r"(?i:\b(?:cpu|processor|model name)\b|处理器)[^\n]{0,120}|^flags\s{0,4}: [^\n]{40,}"
    r"|\bi[3579][- ]?\d{3,5}[a-zA-Z]{0,2}\b|\b(?:Intel|AMD)\b[^\n]{0,60}"
    r"|\b(?:Celeron|Ryzen|EPYC|Pentium)\b[^\n]{0,40}|\bG1\d{3}T?\b",
    re.MULTILINE,
)
"""Where a processor is named, or its flags are listed."""
_NAME_LENGTH = 80
_MACHINES_32 = frozenset({"x86", "i386", "i486", "i586", "i686", "win32", "32", "armv7l", "armv6l"})
_WITHOUT_AVX = (
    r"\b(Celeron|Atom|Core\(?(TM|tm)?\)?2|Core 2|Phenom|Athlon( \(?tm\)?)? (II|64|X[24])|Turion|Sempron"
    r"|Opteron(\(tm\))?( Processor)? (61|24|84)\d\d|Pentium(?! (Gold|G[67]\d{3}))|QEMU Virtual|Common KVM)\b"
)
_FIRST_CORE = r"(?i)\bi[357][- ]?\d{3}[a-z]{0,2}\b"
"""Intel's first Core i generation has three digits; AVX came with the second."""
_WITH_AVX = r"(?i)\bi[3579][- ]?\d{4,5}[a-z]{0,2}\b|\bCore\(?(tm)?\)? Ultra\b|\bRyzen\b|\bEPYC\b|\bThreadripper\b"


def has_avx(cpu: str) -> bool | None:
    """Whether a processor has AVX, from its name or its flags; None when neither tells."""
    words = set(re.split(r"[\s,;:]+", cpu.lower()))
    if words & {"avx", "avx2", "avx512f"}:
        return True
    if "sse2" in words or re.search(_WITHOUT_AVX, cpu) or re.search(_FIRST_CORE, cpu):
        return False
    return True if re.search(_WITH_AVX, cpu) else None
