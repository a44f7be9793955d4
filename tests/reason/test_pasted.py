# ruff: noqa: RUF001  # typographic characters are what is tested
"""What people paste: the lines of the program come out of it as they were printed."""

import pytest

from tfrepair.reason.pasted import LONGEST_LINE, cleaned

ERROR = "ImportError: numpy.core.umath failed to import"


@pytest.mark.parametrize(
    "pasted",
    [
        f"> {ERROR}",
        f"> > {ERROR}",
        f">>> {ERROR}",
        f"&gt; {ERROR}",
        f"`{ERROR}`",
        f"**{ERROR}**",
        f"\x1b[31m{ERROR}\x1b[0m",
        f"<pre><code>{ERROR}</code></pre>",
        f'<span class="ansi-red-fg">ImportError</span>: numpy.core.umath failed to import',  # noqa: F541
        f"2024-05-01T10:11:12.1234567Z {ERROR}",
        f"[2024-05-01 10:11:12,123] {ERROR}",
        f"12: {ERROR}",
        f"web_1  | {ERROR}",
        f"#14 70.48 {ERROR}",
        f"{ERROR}\r\n",
        "ImportError:\N{NO-BREAK SPACE}numpy.core.umath failed to import",
        "Imp\N{ZERO WIDTH SPACE}ortError: numpy.core.umath failed to import",
    ],
)
def test_the_line_is_found_below_its_decoration(pasted):
    assert ERROR in cleaned(pasted).split("\n")


def test_what_belongs_to_a_traceback_stays():
    text = '>>> import tensorflow\n  File "<stdin>", line 1, in <module>\n  File "<frozen importlib._bootstrap>", line 2\n---> 54 x'
    assert cleaned(text) == text


def test_typographic_quotes_are_those_of_python():
    assert (
        cleaned("No module named \N{LEFT SINGLE QUOTATION MARK}keras\N{RIGHT SINGLE QUOTATION MARK}")
        == "No module named 'keras'"
    )


def test_a_traceback_on_one_line_is_unfolded():
    folded = '{"log": "Traceback (most recent call last):\\n  File \\"a.py\\", line 1\\nImportError: no"}'
    assert "ImportError: no" in cleaned(folded)
    assert '  File "a.py", line 1' in cleaned(folded).split("\n")


def test_paths_of_windows_are_not_unfolded():
    assert cleaned(r"C:\new\table") == r"C:\new\table"


def test_a_long_line_keeps_both_ends():
    short = cleaned("begin" + "x" * 10_000_000 + "end")
    assert short.startswith("begin")
    assert short.endswith("end")
    assert len(short) < LONGEST_LINE + 10


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("DLL load failed: Das angegebene Modul wurde nicht gefunden.", "The specified module could not be found"),
        ("DLL load failed: No se puede encontrar el módulo especificado.", "The specified module could not be found"),
        ("ImportError: DLL load failed: 找不到指定的模块。", "The specified module could not be found"),
        ("OSError: [WinError 126] Не найден указанный модуль", "The specified module could not be found"),
        ("[WinError 193] %1 ist keine zulässige Win32-Anwendung", "is not a valid Win32 application"),
        ("DLL load failed: %1 n’est pas une application Win32 valide.", "is not a valid Win32 application"),
        ("PermissionError: [WinError 5] Zugriff verweigert: 'C:\\x'", "Access is denied"),
        (
            "DLL load failed: Une routine d’initialisation d’une bibliothèque de liens dynamiques (DLL) a échoué.",
            "A dynamic link library (DLL) initialization routine failed",
        ),
        (
            "DLL load failed: Die angegebene Prozedur wurde nicht gefunden.",
            "The specified procedure could not be found",
        ),
    ],
)
def test_what_windows_says_in_other_languages_is_said_in_english_too(said, meant):
    assert meant in cleaned(said)


START = """2025-03-01 10:00:00.1: I tensorflow/core/util/port.cc:153] oneDNN custom operations are on. You may see slightly different
2025-03-01 10:00:00.2: E external/local_xla/xla/stream_executor/cuda/cuda_fft.cc:467] Unable to register cuFFT factory: Attempting
WARNING: All log messages before absl::InitializeLog() is called are written to STDERR
E0000 00:00:1740823200.2    1234 cuda_dnn.cc:8579] Unable to register cuDNN factory: Attempting to register factory
W0000 00:00:1740823200.2    1234 computation_placer.cc:177] computation placer already registered. Please check linkage
2025-03-01 10:00:00.2: I tensorflow/core/platform/cpu_feature_guard.cc:210] This TensorFlow binary is optimized to use available CPU
To enable the following instructions: AVX2 FMA, in other operations, rebuild TensorFlow with the appropriate compiler flags."""


def test_what_every_start_prints_is_passed_over_where_an_exception_says_what_is_wrong():
    error = "ModuleNotFoundError: No module named 'foo'"
    assert cleaned(f"{START}\n{error}") == error
    assert cleaned(START).count("\n") == START.count("\n"), "alone it is all that there is"
    ended = f"{START}\nIllegal instruction (core dumped)"
    assert cleaned(ended).count("\n") == ended.count("\n")
