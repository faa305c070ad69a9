"""Prove: whether a closure alone, in a clean process, does what the step did."""
