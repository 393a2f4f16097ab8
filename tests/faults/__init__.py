"""The fault runner: real processes under a mixed load and a seeded schedule of faults, and a checker of the answers.

``python -m tests.faults --seconds 300`` runs it; the same ``--seed`` gives the same load and the same schedule again.
"""
