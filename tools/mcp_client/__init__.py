"""Servers of tools that the user configured, by the Model Context Protocol; their tools become ours.

Nothing is started before it is needed, nor without the user's consent, and whatever a server does stays with
it: it costs its own tools and one line.
"""

from tools.mcp_client.servers import Servers, Standing, servers

__all__ = ["Servers", "Standing", "servers"]
