"""Which CUDA a text says is asked for, and which one is there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from packaging.version import Version

from tfrepair.model.gpu import one_serves, serves

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tfrepair.model.facts import Facts
    from tfrepair.model.gpu import GpuData
    from tfrepair.model.release import Release
    from tfrepair.model.releases import Releases

_LIBRARY = re.compile(
    r"\b(?:lib)?(?P<name>cudart|cublas(?:Lt)?|cufft|curand|cusolver|cusparse|cupti)"
    r"(?:\.so\.(?P<so>\d{1,2}(?:\.\d)?)(?!\d|\.\d)|\.(?P<dylib>\d{1,2}\.\d)\.dylib|(?:64)?_(?P<dll>\d{2,3})\.dll)"
)
_WHOLE = re.compile(r"\blibcudart\.so\.(\d{1,2}\.\d)\.\d{1,4}\b")
"""The file itself, whose name has the whole version; a program asks for a shorter one."""
_LISTED = re.compile(r"[\s`'\"*:(-]{0,12}(?:(?:lib)?cu[a-zA-Z]{2,12}[_.\d][.\w]{1,24}(?:[\s`'\"*).,]{1,8}|$)){1,8}$")
"""A line with nothing but names of files, as a listing has it."""
_HAVE = re.compile(
    r"(?i:\b(?:(?:i|we) (?:only |just )?(?:have|see|find|found|got)|there (?:is|are)|there's|only"
    r"|(?:has|have|what|my)[^\n.,;]{0,30} (?:is|are|has)|contains?|holds?|has|instead)"
    r"(?: (?:the|a|an|just|only|has|file|one))?)[\s`'\"*:]{0,6}$"
)
"""What stands before the name of a library that somebody has."""
_BY_CUDNN = re.compile(
    r"Could not load library lib\w{4,24}\.so[.\d]{1,12}\. Error: lib(?:cudart|cublas|cublasLt)\.so\.(\d{1,2})(?:\.0)?:"
)
"""How cuDNN asks for what it is linked with; TensorFlow itself says it in other words."""
_CUDNN = re.compile(
    r"\b(?:lib)?cudnn(?:_[a-z_]{2,20})?(?:\.so\.(?P<so>\d)(?!\d)(?P<whole>\.\d[.\d]{0,8})?|64_(?P<dll>\d)\.dll)"
)
_CUDNN_STATED = re.compile(
    r"(?i:\bcudnn(?:[ _](?:version|is|installed|of|here|(?:i|we) have|to)){0,3}[ \t:=v(]{0,20}(\d)(?!\d)"
    r"|\blibcudnn(\d)\b|\bnvidia-cudnn-cu\d\d[ =]{1,20}(\d)\.|\bCUDNN_MAJOR\W{1,3}(\d)\b"
    r"|\bcudnn-[\w.-]{4,30}-v(\d)|\bcuda/cudnn[^\n\d]{0,12}\d{1,2}(?:\.\d{1,3}){0,2} ?/ ?(?:cudnn )?v?(\d)(?!\d))"
    r"(?!\S{0,12} (?i:is |are )?(?i:not|needed|required|missing)\b)"
)
_CUDNN_OF = (((1, 3), "5"), ((1, 5), "6"), ((2, 1), "7"))
"""The cuDNN of releases older than those in the data."""
_DRIVER = re.compile(
    r"(?i:\bdriver(?: version)?[ :=]{1,3}(?:is |was |of )?(?:nvidia[ -]{1,2})?"
    r"|\bkernel reported version is: |\bKernel Module {1,3})([3-6]\d\d)(?:\.\d{2,3})\b"
    r"|(?i:\bnvidia-driver-)([3-6]\d\d)\b"
)
_OPENED = re.compile(r"(?i:successfully opened)")
_NOT_FOUND = re.compile(r"(?i:could ?n[o']t|cannot|can't|not found|not loaded|unable|no such|missing)")
_REFUSED = re.compile(
    r"\W{0,4}(?:(?:file |is |was |could |can )?n[o']t\b|cannot|can't|could|no such"
    r"|(?:is )?missing|failed)"
)
"""What stands after the name of a library that is not found."""
_STATED = re.compile(
    r"(?i:\bcuda(?:[ _-]?tool[ _-]?kit|core)?(?:/cudnn)?"
    r"(?:[ _](?:compilation tools|runtime|api|version|(?:that )?(?:i|we) have|here|is|installed|was|to"
    r"|gives?(?: me)?|gave me|at|on)){0,3})"
    r"(?:, release)?[ \t:=_\\/v(-]{0,40}(\d{1,2}(?:\.\d{1,2})?)(?!\d)((?:[.\d]{0,6}, ?\d{1,2}\.\d{1,2}){0,5})"
)
_WISHED = re.compile(
    r"(?i:\b(?:(?:no|not|without|download and install"
    r"|(?<!apt )(?<!get )(?<!dist-)(?:up|down)(?:grad(?:e|ing)|dat(?:e|ing)))\b"
    r"|(?:need|requir|support|buil[dt]|compil|want|expect|look|search|ask"
    r"|recommend|instead|match)\w{0,12}\b)"
    r"(?:(?!\. |\bbut\b)[^\n]){0,30}"
    r"|(?<!n't )(?<!not )\b(?:works?|compatible) (?:only )?with\b[ :]{0,3})$"
)
"""What stands before a CUDA that is asked for or advised, and not there."""
_IS_THERE = re.compile(
    r"[.\d]{0,10}[\"'`]? (?i:exists?|is (?:there|present|located|in )|(?:lies|sits|can be found) (?:in|on|at)\b"
    r"|=> /|-> \S{0,40}lib)"
)
"""What stands after the name of a library that is there."""
_BUILT_FOR = re.compile(
    r"(?i:\b(?:wheel|tensorflow|build|binary)\b[^\n]{0,24}\b(?:built|compiled|made) (?:for|with|against)"
    r" cuda)[ v-]{0,2}(\d{1,2}\.\d)\b"
)
"""What a build of one's own, of conda or of NVIDIA is for."""
_SURELY = re.compile(
    r"\bnvidia/cuda:(\d{1,2}\.\d)|\bBuild cuda_(\d{1,2}\.\d)\.r\d|\brelease (\d{1,2}\.\d{1,2}), ?V\d"
    r"|\bnvcc\b[^\n\d]{0,30}(\d{1,2}\.\d)(?!\.?\d)|\b[vV](\d{1,2}\.\d)(?:[\\/]| )(?:bin|lib|extras)\b"
    r"|GPU Computing Toolkit\\CUDA\b[^\n]{0,40}\bv(\d{1,2}\.\d)\b"
    r"|\bv(\d{1,2}\.\d)\b[^\n]{0,40}GPU Computing Toolkit"
    r"|\bcuda-(?:cublas|cudart|runtime|libs|devel|compiler|libraries)[ =]{1,20}v?(\d{1,2}\.\d)"
)
"""What `nvcc` tells of itself, a folder of an installation on Windows, a package of CUDA with its version."""
_PACKAGE = re.compile(r"\bcuda(?:-[a-z]{2,12}){0,3}-(\d{1,2})-(\d)\b")
"""How Debian's packages are called."""
_GONE = re.compile(
    r"[.\d]{0,8}[\"'`)]? (?i:(?:is|are|was|were|has been|have been)(?:n['o]t| no longer| not) "
    r"|(?:was|were|is|has been) (?:removed|gone)|is missing|to [^\n]{0,12}cuda)"
)
"""What stands after a CUDA that is there no more; of `from cuda-9.0 to cuda-9.2` the second one is."""
_OF_THE_DRIVER = re.compile(r"NVIDIA-SMI|Driver Version:|(?i:\bdriver[^\n(]{0,16}\(cuda)")
"""`nvidia-smi` shows the newest CUDA that the driver serves, not one that is installed."""
_BEFORE_THE_DATA = (((1, 5), "8.0"), ((1, 13), "9.0"), ((2, 1), "10.0"))
"""The CUDA of releases older than those in the data, and of those whose builds for GPUs had another name."""
_SINCE_10_1 = {"10": "10.1"}
"""What has no minor version in its name is of CUDA 10.1, which began that."""
_CUDAS = range(5, 14)
_WITH_MINOR = 75
"""From this number on the last digit in the name of a DLL is that of the minor version: 80, 100, 110."""


def cuda_told(text: str, facts: Facts, releases: Releases, gpu: GpuData) -> dict[str, Any]:
    """`cuda.version`, which is asked for, and `cuda.fits`; None for what neither the text nor the release says.

    Where cuDNN asks for a library of another CUDA than that of the release, it is not the one for that release.
    """
    present, missing = _files(text)
    built = set(_BUILT_FOR.findall(text))
    own = _one(built) or _of_release(facts.value("tensorflow.version"), releases)
    asked = _one(missing) or own
    fits = one_serves(asked, present or set(_stated(text))) if asked else None
    by_cudnn = _BY_CUDNN.search(text)
    if by_cudnn and own and serves(own, by_cudnn[1]) is False:
        fits = False
    return {
        "cuda.version": asked,
        "cuda.fits": fits,
        "cuda.cudnn_fits": _cudnn_fits(text, facts, releases),
        "cuda.driver_enough": _driver_enough(text, asked, gpu, facts.value("host.system", "linux")),
    }


def _driver_enough(text: str, cuda: str | None, gpu: GpuData, system: str) -> bool | None:
    """Whether the driver that a text tells is of the branch that is enough for a CUDA, or of a newer one."""
    needed = gpu.driver_needed(cuda, system) if cuda else None
    told = {int(_told(match)) for match in _DRIVER.finditer(text)}
    return None if needed is None or len(told) != 1 else told.pop() >= Version(needed).major


def _cudnn_fits(text: str, facts: Facts, releases: Releases) -> bool | None:
    """Whether the cuDNN that is there is of the major version that is asked for."""
    present, missing = _cudnn_files(text)
    asked = _one(missing) or _cudnn_of_release(facts.value("tensorflow.version"), releases)
    there = present | set(_cudnn_stated(text))
    return one_serves(asked, there) if asked else None


def _files(text: str) -> tuple[set[str], set[str]]:
    """The CUDAs whose libraries are opened or lie in a folder, and those whose libraries are not found."""
    present: set[str] = set()
    missing: set[str] = set()
    for line in text.split("\n"):
        present.update(_WHOLE.findall(line))
        for match in _LIBRARY.finditer(line):
            number = match["so"] or match["dylib"] or _of_dll(match["dll"])
            version = _SINCE_10_1.get(number, number)
            if match["name"].startswith(("cudart", "cublas")) or "." in version:  # the others have their own numbers
                _sort(line, match, version, present, missing)
    return present, missing


def _sort(line: str, match: re.Match[str], version: str, present: set[str], missing: set[str]) -> None:
    """Whether the library that a line names is there or is missed; the line may tell neither."""
    before = _before(line, match)
    had = _HAVE.search(before) or (before.endswith(("/", "\\")) and not _NOT_FOUND.search(before))
    if _IS_THERE.match(line, match.end()) or _LISTED.match(line) or (had and not _REFUSED.match(line, match.end())):
        present.add(version)
    elif _NOT_FOUND.search(line):
        missing.add(version)
    elif _OPENED.search(line):
        present.add(version)


def _cudnn_files(text: str) -> tuple[set[str], set[str]]:
    """The same of cuDNN, by its major version."""
    present: set[str] = set()
    missing: set[str] = set()
    for line in text.split("\n"):
        for match in _CUDNN.finditer(line):
            if match["whole"] and not _REFUSED.match(line, match.end()):
                present.add(match["so"])
            else:
                _sort(line, match, match["so"] or match["dll"], present, missing)
    return present, missing


def _cudnn_stated(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        for match in _CUDNN_STATED.finditer(line):
            before = _before(line, match)
            if not (_WISHED.search(before) or _NOT_FOUND.search(before[-24:])):
                yield _told(match)


def _before(line: str, match: re.Match[str]) -> str:
    """What stands in a line before a match, as far as it counts."""
    return line[max(match.start() - 60, 0) : match.start()]


def _told(match: re.Match[str]) -> str:
    """The one group of several that matched."""
    found: str = next(filter(None, match.groups()))
    return found


def _of_dll(number: str) -> str:
    return f"{number[:-1]}.{number[-1]}" if int(number) >= _WITH_MINOR else number


def _one(versions: set[str]) -> str | None:
    """The version that all of them mean; `10.1` and `10` are one."""
    exact = {version for version in versions if "." in version} or versions
    return next(iter(exact)) if len(exact) == 1 else None


def _stated(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        if _OF_THE_DRIVER.search(line):
            continue
        for match in _SURELY.finditer(line):
            yield _told(match)
        yield from map(".".join, _PACKAGE.findall(line))
        for match in _STATED.finditer(line):
            before = _before(line, match)
            if _WISHED.search(before) or before.endswith(("[", "+")) or _GONE.match(line, match.end(1)):
                continue  # `jax[cuda12]` is an extra, `8.9.3+cuda12.1` a cuDNN
            for version in (match[1], *re.findall(r", ?(\d{1,2}\.\d{1,2})", match[2])):
                if int(version.split(".")[0]) in _CUDAS:
                    yield version


def _of_release(version: Any, releases: Releases) -> str | None:
    """The CUDA that a release is built with."""
    return _known_of(version, releases, lambda release: release.cuda, _BEFORE_THE_DATA)


def _cudnn_of_release(version: Any, releases: Releases) -> str | None:
    """The major version of its cuDNN."""
    cudnn = _known_of(version, releases, lambda release: release.cudnn, _CUDNN_OF)
    return cudnn.split(".")[0] if cudnn else None


def _known_of(
    version: Any,
    releases: Releases,
    part: Callable[[Release], str | None],
    older: Iterable[tuple[tuple[int, int], str]],
) -> str | None:
    if not version:
        return None
    parts = tuple(int(each) for each in re.findall(r"\d+", version)[:2])
    final = ".".join(map(str, (*parts, 0)))  # what a nightly or a candidate leads to
    for release in (releases.get("tensorflow", version), releases.get("tensorflow", final)):
        if release is not None and part(release):
            return part(release)
    return next((known for before, known in older if (1, 0) <= parts < before), None)
