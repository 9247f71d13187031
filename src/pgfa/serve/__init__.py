"""The page and its HTTP interface: `pgfa serve`.

Nothing is imported here: the process that reads uploads (`upload_worker`) must start quickly, without web server
or model.
"""
