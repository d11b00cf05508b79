"""What the integration tests stand on: processes, origins and clients, all on loopback and bounded in time. Nothing
here asserts behaviour of Weir; the test_*.py files do."""
