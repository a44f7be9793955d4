"""Where uv is, and the environment it runs in."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfrepair.errors import SurroundingsError
from tfrepair.target.installer import base
from tfrepair.target.paths import is_file, is_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfrepair.target.installer.settings import IndexSettings

_KEPT = re.compile(
    r"UV_(?:CACHE_DIR|HTTP_TIMEOUT|REQUEST_TIMEOUT|HTTP_RETRIES|NATIVE_TLS|SYSTEM_CERTS|KEYRING_PROVIDER|LINK_MODE"
    r"|CONCURRENT_\w+|CREDENTIALS_DIR|PYTHON_INSTALL_DIR)\Z"
)


def find_uv() -> str:
    """The uv that was installed with tfrepair. Raises SurroundingsError."""
    try:
        from uv import find_uv_bin

        return os.fspath(find_uv_bin())
    except (ImportError, FileNotFoundError) as error:
        raise SurroundingsError(
            "uv is not installed beside tfrepair", hint="install it with `pip install uv`, or use `--installer pip`"
        ) from error


def uv_environment(settings: IndexSettings, environ: Mapping[str, str]) -> dict[str, str]:
    """The child's environment: credentials travel here and never on a command line."""
    env = base.inherited(environ, lambda name: bool(_KEPT.match(name)))
    env |= {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_CONFIG": "1", "UV_PREVIEW_FEATURES": "pylock", "NO_COLOR": "1"}
    env.setdefault("UV_HTTP_RETRIES", str(1 if settings.retries is None else settings.retries))
    certificate = _certificate(settings, env)
    if settings.proxy:
        env = {
            name: value
            for name, value in env.items()
            if not name.lower().endswith("_proxy") or name.lower() == "no_proxy"
        }
    chosen: dict[str, Any] = {
        "UV_DEFAULT_INDEX": settings.index_url,
        "UV_INDEX": " ".join(settings.extra_index_urls),
        "UV_FIND_LINKS": ",".join(item for item in settings.find_links if "://" in item),
        "UV_CONSTRAINT": " ".join(item for item in settings.constraints if "://" in item),
        "UV_INSECURE_HOST": " ".join(settings.trusted_hosts),
        "UV_HTTP_TIMEOUT": None if settings.timeout is None else str(max(1, round(settings.timeout))),
        "UV_KEYRING_PROVIDER": "subprocess" if settings.keyring in {"subprocess", "import"} else None,
        "SSL_CERT_FILE": str(certificate) if certificate and is_file(certificate) else None,
        "SSL_CERT_DIR": str(certificate) if certificate and is_folder(certificate) else None,
        "SSL_CLIENT_CERT": settings.client_cert,
        "ALL_PROXY": settings.proxy,
        "HTTP_PROXY": settings.proxy,
        "HTTPS_PROXY": settings.proxy,
    }
    if env.get("UV_LINK_MODE") == "symlink":  # an environment must outlive the cache
        del env["UV_LINK_MODE"]
    return env | {name: value for name, value in chosen.items() if value}


def _certificate(settings: IndexSettings, env: Mapping[str, str]) -> Path | None:
    """Pip's `cert`, or else what pip trusts by the variables of its library, which uv does not read."""
    if settings.cert:
        return Path(settings.cert)
    if env.get("SSL_CERT_FILE") or env.get("SSL_CERT_DIR"):
        return None
    named = env.get("REQUESTS_CA_BUNDLE") or env.get("CURL_CA_BUNDLE")
    return Path(named) if named else None
