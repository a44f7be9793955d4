"""The use-cases: what each command does, without knowing the screen."""
