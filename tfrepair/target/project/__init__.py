"""What a project's own files ask of TensorFlow: one module for each kind of file, and `folder` for all of them."""
