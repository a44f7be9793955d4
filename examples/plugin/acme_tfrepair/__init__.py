"""A probe, an action and a playbook of the company Acme."""
