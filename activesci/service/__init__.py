"""Campaigns, instruments and pages over HTTP: `activesci serve`. The only room that opens sockets.

It reads ledgers as the report does, and asks worker processes for work; it writes no ledger and never drives the loop.
Importing this package loads none of it: `client.py` needs httpx2, the rest the extra `service`.
"""
