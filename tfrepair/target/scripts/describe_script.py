"""Runs inside a target and prints what it is, as one JSON document between two marks.

Standard library only. It is written so that Python 2.7 can read it too, and then say that it is not supported.
"""
import json
import os
import sys


def describe():
    """Everything the tool wants to know about this interpreter and its environment."""
    import platform
    import site
    import struct
    import sysconfig

    paths = sysconfig.get_paths()
    stdlib = paths.get("stdlib") or ""
    try:
        user = user_paths(site, sysconfig)
    except Exception:
        user = None
    return {
        "version": list(sys.version_info[:3]),
        "version_text": sys.version,
        "release_level": sys.version_info[3],
        "implementation": platform.python_implementation(),
        "platform": sysconfig.get_platform(),
        "paths": {"purelib": paths["purelib"], "platlib": paths["platlib"], "scripts": paths["scripts"], "stdlib": stdlib},
        "prefix": sys.prefix,
        "base_prefix": getattr(sys, "base_prefix", sys.prefix),
        "executable": sys.executable,
        "base_executable": getattr(sys, "_base_executable", None),
        "sys_path": list(sys.path),
        "markers": markers(platform),
        "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        "debug": hasattr(sys, "gettotalrefcount"),
        "bits": struct.calcsize("P") * 8,
        "machine": platform.machine(),
        "mac_version": platform.mac_ver()[0],
        "externally_managed": os.path.isfile(os.path.join(stdlib, "EXTERNALLY-MANAGED")),
        "user": user,
    }


def user_paths(site, sysconfig):
    """Where this interpreter looks for what a user installs for himself, and where scripts of it go."""
    preferred = getattr(sysconfig, "get_preferred_scheme", None)
    framework = sys.platform == "darwin" and sysconfig.get_config_var("PYTHONFRAMEWORK")
    scheme = preferred("user") if preferred else "osx_framework_user" if framework else os.name + "_user"
    return {
        "base": site.getuserbase(),
        "site": site.getusersitepackages(),
        "scripts": sysconfig.get_paths(scheme)["scripts"],
    }


def markers(platform):
    """The marker environment of PEP 508."""
    info = sys.implementation.version
    version = "{}.{}.{}".format(info.major, info.minor, info.micro)
    if info.releaselevel != "final":
        version += info.releaselevel[0] + str(info.serial)
    return {
        "implementation_name": sys.implementation.name,
        "implementation_version": version,
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        "platform_release": platform.release(),
        "platform_system": platform.system(),
        "platform_version": platform.version(),
        "python_full_version": platform.python_version(),
        "python_version": ".".join(platform.python_version_tuple()[:2]),
        "sys_platform": sys.platform,
    }


def main():
    """Print the description, or that this Python is too old, between the marks of the command line."""
    mark = sys.argv[1]
    if sys.version_info < (3, 6):
        data = {"unsupported": list(sys.version_info[:3]), "executable": sys.executable}
    else:
        data = describe()
    sys.stdout.write("\n" + mark + json.dumps(data) + mark + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
