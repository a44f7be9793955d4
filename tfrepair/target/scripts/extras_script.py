"""Runs inside a target, beside the smoke script: one real thing with what is used beside TensorFlow.

Standard library of Python 3.6 only. Nothing is fetched; files go to the current folder, which is private.
"""
import ctypes
import importlib
import importlib.util
import os


def same(found, wanted):
    """Raise unless two values are the same."""
    if found != wanted:
        raise ValueError("it gave {!r} and not {!r}".format(found, wanted))


def listed(tensor):
    """The rows of a tensor."""
    return tensor.to_list() if hasattr(tensor, "to_list") else tensor.numpy().tolist()


def check_tensorboard(tf):
    """The plug-ins of TensorBoard load, and what TensorFlow writes for it can be read."""
    importlib.import_module("tensorboard.main")
    from tensorboard import default

    same(len(default.get_plugins()) > 3, True)
    if tf.__version__.startswith("1."):
        return
    from tensorboard.backend.event_processing import event_accumulator

    folder = os.path.join(os.getcwd(), "events")
    writer = tf.summary.create_file_writer(folder)
    with writer.as_default():
        tf.summary.scalar("loss", 0.5, step=1)
    writer.close()
    events = event_accumulator.EventAccumulator(folder)
    events.Reload()
    tags = events.Tags()
    same("loss" in tags["tensors"] + tags["scalars"], True)


def check_keras(tf, name="keras"):
    """A layer multiplies what TensorFlow gives it."""
    keras = importlib.import_module(name)
    layer = keras.layers.Dense(2, use_bias=False, kernel_initializer="ones")
    result = layer(tf.ones((1, 3)))
    same(tuple(int(size) for size in result.shape), (1, 2))
    if not tf.__version__.startswith("1."):
        same(listed(tf.convert_to_tensor(result)), [[3.0, 3.0]])


def check_tf_keras(tf):
    """The same with the Keras 2 that stands beside Keras 3, and a step of training."""
    check_keras(tf, "tf_keras")
    import tf_keras

    model = tf_keras.Sequential([tf_keras.layers.Dense(1, input_shape=(2,))])
    model.compile(loss="mse", optimizer="sgd")
    model.fit(tf.ones((4, 2)), tf.ones((4, 1)), epochs=1, verbose=0)


def check_estimator(tf):
    """An estimator can be configured."""
    importlib.import_module("tensorflow_estimator")
    same(tf.compat.v1.estimator.RunConfig(model_dir=os.getcwd()).model_dir, os.getcwd())


def check_gcs(tf):
    """Its library loads, and TensorFlow knows paths of Google Cloud Storage.

    Most builds of TensorFlow do so by themselves; there the module cannot be imported, and need not be.
    """
    module = "tensorflow_io_gcs_filesystem"
    schemes = getattr(tf.io.gfile, "get_registered_schemes", list)
    spec = importlib.util.find_spec(module)
    if spec is None or "gs" not in schemes():
        importlib.import_module(module)
        return
    files = [os.path.join(place, name) for place, _, names in os.walk(os.path.dirname(spec.origin)) for name in names]
    libraries = [path for path in files if path.endswith((".so", ".dylib", ".dll"))]
    same(len(libraries) > 0, True)
    for path in libraries:
        ctypes.CDLL(path)


def check_text(tf):
    """A text falls into words."""
    import tensorflow_text as text

    same(listed(text.WhitespaceTokenizer().tokenize(["two words"])), [[b"two", b"words"]])


def check_hub(tf):
    """A layer made of a function gives what the function gives."""
    import tensorflow_hub as hub

    same(listed(hub.KerasLayer(lambda value: value * 2)(tf.constant([1.0, 2.0]))), [2.0, 4.0])


def check_addons(tf):
    """One of the operations that were compiled for TensorFlow."""
    import tensorflow_addons as tfa

    steps = tf.constant([[[1]], [[2]]])
    parents = tf.constant([[[0]], [[0]]])
    tree = tfa.seq2seq.gather_tree_from_array(tf.cast(steps, tf.float32), parents, tf.constant([[2]]))
    same(listed(tree), [[[1.0]], [[2.0]]])


def check_probability(tf):
    """The density of a normal distribution at its mean."""
    import tensorflow_probability as tfp

    density = tfp.distributions.Normal(0.0, 1.0).prob(0.0)
    if not tf.__version__.startswith("1."):
        same(round(float(density), 4), 0.3989)


def check_datasets(tf):
    """An example goes through the features of a data set."""
    import numpy
    import tensorflow_datasets as tfds

    features = tfds.features.FeaturesDict({"x": tfds.features.Tensor(shape=(2,), dtype=tf.int64)})
    coded = features.encode_example({"x": numpy.array([1, 2])})
    same(listed(features.decode_example({"x": tf.constant(coded["x"])})["x"]), [1, 2])


def check_tf2onnx(tf):
    """A function becomes a model with the node that it has."""
    import tf2onnx

    signature = [tf.TensorSpec((1,), tf.float32, name="x")]
    function = tf.function(lambda x: x + 1.0, input_signature=signature)
    model, _ = tf2onnx.convert.from_function(function, input_signature=signature)
    same("Add" in [node.op_type for node in model.graph.node], True)


CHECKS = {
    "tensorboard": check_tensorboard, "keras": check_keras, "tf-keras": check_tf_keras,
    "tensorflow-estimator": check_estimator, "tensorflow-io-gcs-filesystem": check_gcs, "tensorflow-text": check_text,
    "tensorflow-hub": check_hub, "tensorflow-addons": check_addons, "tensorflow-probability": check_probability,
    "tensorflow-datasets": check_datasets, "tf2onnx": check_tf2onnx,
}  # fmt: skip
"""By canonical name. What is not here is only imported."""
