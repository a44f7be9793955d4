"""One file per probe: a target to facts. Probes read and never write."""
