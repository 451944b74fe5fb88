"""A Kubernetes control plane and KEDA as plain processes on 127.0.0.1, for tests. Start with control_plane.py."""
