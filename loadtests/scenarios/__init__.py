"""What users do: one locustfile a scenario, each with a shape of its own. ``python -m loadtests.run NAME`` runs one."""
