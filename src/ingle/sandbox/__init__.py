"""Namespaces, cgroups, seccomp, mounts and fork: one interface, three drivers; imports no other room."""
