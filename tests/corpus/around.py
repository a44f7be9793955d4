"""What stands around the line that tells of a failure, and tells nothing of it."""

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

INSTALLED = "\n".join(
    f"Requirement already satisfied: {name} in ./venv/lib/python3/site-packages (1.0)" for name in NAMES
)
FETCHED = "\n".join(
    f"Collecting {name}\n  Downloading {name}-1.0-py3-none-any.whl (50 kB)\n     |\u2588\u2588\u2588\u2588\u2588\u2588| 50 kB 1.2 MB/s"
    for name in NAMES
)
LISTED = "Package        Version\n-------------- -------\n" + "\n".join(f"{name:14} 1.0" for name in NAMES)
SYSTEM = "\n".join(
    f"Setting up {name} (1.2-1) ...\nGet:1 mirror focal/main amd64 {name} 1.2-1 [9 kB]" for name in NAMES
)
WARNED = (
    "site-packages/tensorflow/python/framework/dtypes.py:516: FutureWarning: Passing (type, 1) or '1type' as a synonym of"
    " type is deprecated; in a future version of numpy, it will be understood as (type, (1,)) / '(1,)type'.\n  _np_qint8"
    ' = np.dtype([("qint8", np.int8, 1)])'
)
"""What TensorFlow before 1.15 prints of itself with NumPy 1.17 and newer."""
SERVED = "\n".join(
    f"2024-05-01 10:11:{number:02},123 INFO app - request {number} handled in 12 ms" for number in range(15)
)
FORM = "**Describe the bug**\nA clear and concise description of what the bug is.\n\n- RAM: 16 GB\n- Disk: 512 GB"

LIBRARY = (
    "2022-03-01 10:11:12.123456: W tensorflow/stream_executor/platform/default/dso_loader.cc:64] Could not load dynamic"
    " library 'libcudart.so.11.0'; dlerror: libcudart.so.11.0: cannot open shared object file: No such file or directory"
)
DRIVER = (
    "2022-03-01 10:11:13.123456: W tensorflow/stream_executor/cuda/cuda_driver.cc:269] failed call to cuInit: UNKNOWN ERROR"
    " (303)\n2022-03-01 10:11:13.123456: I tensorflow/stream_executor/cuda/cuda_diagnostics.cc:156] kernel driver does not"
    " appear to be running on this host (box): /proc/driver/nvidia/version does not exist"
)
FACTORY = (
    "2024-03-01 10:11:12.123456: E external/local_xla/xla/stream_executor/cuda/cuda_dnn.cc:9261] Unable to register cuDNN"
    " factory: Attempting to register factory for plugin cuDNN when one has already been registered"
)
RENAMED = (
    "WARNING:tensorflow:From train.py:12: The name tf.placeholder is deprecated. Please use tf.compat.v1.placeholder"
    " instead."
)
