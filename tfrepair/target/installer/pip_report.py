"""pip's installation report as a PEP 751 document."""

from __future__ import annotations

from typing import Any

from packaging.utils import canonicalize_name

from tfrepair.target.installer import pylock


def document_of(report: dict[str, Any]) -> pylock.Document:
    """The lock that a report amounts to; one file for each distribution, the one that pip chose."""
    packages = sorted((_package(item) for item in report.get("install", [])), key=lambda package: str(package["name"]))
    return pylock.cleaned({"lock-version": "1.0", "created-by": "tfrepair", "packages": packages})


def _package(item: dict[str, Any]) -> dict[str, Any]:
    named = {"name": canonicalize_name(item["metadata"]["name"]), "version": item["metadata"]["version"]}
    info = item["download_info"]
    url = info["url"]
    if "vcs_info" in info:
        vcs = info["vcs_info"]
        return {**named, "vcs": {"type": vcs["vcs"], "url": url, "commit-id": vcs["commit_id"]}}
    if "dir_info" in info:
        return {**named, "directory": {"path": url, "editable": bool(info["dir_info"].get("editable"))}}
    file = {"url": url, "hashes": _hashes(info.get("archive_info", {}))}
    if item.get("is_direct"):
        return {**named, "archive": file}
    if pylock.file_name(file).endswith(".whl"):
        return {**named, "wheels": [file]}
    return {**named, "sdist": file}


def _hashes(archive: dict[str, Any]) -> dict[str, str]:
    if archive.get("hashes"):
        return dict(archive["hashes"])
    algorithm, equals, digest = str(archive.get("hash", "")).partition("=")
    return {algorithm: digest} if equals else {}
