"""YAML to playbooks, strictly, with positions in every message."""
