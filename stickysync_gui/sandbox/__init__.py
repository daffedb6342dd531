"""A believable IT Glue and Automate on loopback, for the demo and as the test bench of the sync engine."""
