"""The page and its HTTP interface: `pgfa serve`.

Nothing is imported here: the process that reads uploads (`reader`) must start quickly, without web server or
model.
"""
