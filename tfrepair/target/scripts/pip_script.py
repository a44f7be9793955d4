"""Runs under tfrepair's own interpreter and asks pip_api, which starts pip as soon as it is imported: only when needed.

Arguments: a mark, and one JSON document: `{"inventory": true}` or `{"requirements": FILE, "folder": FOLDER}`;
`home` beside it names the folder that pip_api lies in.
"""

import json
import os
import re
import sys

INCLUDES = re.compile(r"(-r|--requirement|-c|--constraint)[ =]?\s*(.+)")
ARCHIVES = (".whl", ".zip", ".tar.gz", ".tgz", ".tar", ".tar.bz2", ".tbz", ".tar.xz", ".txz", ".tlz", ".tar.lz", ".tar.lzma")
COMMENT = re.compile(r"(^|\s+)#.*$")


def inventory():
    """What pip lists in the interpreter that PIPAPI_PYTHON_LOCATION names."""
    import pip_api

    found = pip_api.installed_distributions()
    return {"pip": str(pip_api.PIP_VERSION), "distributions": {name: str(item.version) for name, item in found.items()}}


class Problem(Exception):
    """A file or a line that cannot be read."""


def logical_lines(path):
    """The lines of a requirements file without comments, continued ones joined, each with its number."""
    try:
        with open(path, encoding="utf-8-sig") as file:
            raw = file.read().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Problem("{}: {}".format(path, getattr(error, "strerror", None) or error))
    start, text = None, ""
    for number, line in enumerate(raw, 1):
        start = start or number
        line = COMMENT.sub("", line)
        if line.endswith("\\"):
            text += line[:-1]
            continue
        yield start, (text + line).strip()
        start, text = None, ""
    if text.strip():
        yield start, text.strip()


def read(path, constraint, found, seen):
    """Every requirement of a file and of the files that it includes, constraints apart."""
    if (path, constraint) in seen:
        return
    seen.add((path, constraint))
    for number, line in logical_lines(path):
        if not line:
            continue
        included = INCLUDES.fullmatch(line)
        if included:
            if "://" in included[2]:
                raise Problem("{}:{}: `{}` is not a file here".format(path, number, included[2]))
            deeper = os.path.normpath(os.path.join(os.path.dirname(path), os.path.expandvars(included[2].strip())))
            read(deeper, constraint or included[1] in ("-c", "--constraint"), found, seen)
        elif not line.startswith("-") or re.match(r"(-e|--editable)\b", line):
            found["constraints" if constraint else "requirements"].append(parse(line, path, number))


def plain(text):
    """A requirement with a name and versions, which needs no pip to be understood; None for any other."""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return None
    return None if requirement.url or text.lower().rstrip().endswith(ARCHIVES) else str(requirement)


def parse(line, path, number):
    """One requirement as PEP 508 writes it. The marker is taken off: it is the target's to judge, not ours."""
    text, separator, marker = line.partition("; " if "://" in line else ";")
    options = (separator + marker).find(" --")
    marker = (separator + marker)[: options if options >= 0 else None].lstrip("; ").strip()
    simple = plain(text)
    if simple is not None:
        return simple + (" ; " + marker if marker else "")
    import pip_api

    with open("line.txt", "w", encoding="utf-8") as file:
        file.write(text + "\n")
    file = os.path.abspath("line.txt")
    os.chdir(order["folder"])
    try:
        (requirement,) = pip_api.parse_requirements(file).values()
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise Problem("{}:{}: {}".format(path, number, reason))
    finally:
        os.chdir(os.path.dirname(file))
    text = str(requirement)
    archive = text.partition(" @ ")[0] if "==" not in text else text.partition("==")[0]
    local = os.path.join(order["folder"], line.split(";")[0].split(" --")[0].strip())
    if local.endswith(".whl") and os.path.isfile(local):
        import pathlib

        text = "{} @ {}".format(archive, pathlib.Path(local).resolve().as_uri())
    return text + (" ; " + marker if marker else "")


def requirements():
    """The requirements and the constraints of a file, or what is wrong with it."""
    found = {"requirements": [], "constraints": []}
    try:
        read(order["requirements"], False, found, set())
    except Problem as problem:
        return {"problem": str(problem)}
    return found


order = json.loads(sys.argv[2])
if order.get("home"):
    sys.path.append(order["home"])
answer = inventory() if order.get("inventory") else requirements()
sys.stdout.write("\n" + sys.argv[1] + json.dumps(answer) + sys.argv[1] + "\n")
