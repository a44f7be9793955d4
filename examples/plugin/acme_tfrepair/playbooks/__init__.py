"""The playbooks: the files `*.yaml` of this folder."""
