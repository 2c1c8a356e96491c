"""CloudWatch Logs, over `ingle.store`'s repositories in a database of its own.

`Logs(database, clock)` is the service; its `sink` takes functions' own logs. A file for each idea:

api             requests to operations and back
groups, streams, filters    what there is: groups with retention and tags, streams, filters' definitions
putting         events in: PutLogEvents and functions' logs
reading         events out: GetLogEvents and FilterLogEvents
patterns        the filter pattern language
livetail, following    what comes in, as it comes in
insights        queries
finding, tokens which group, which page
sweeping        retention, and what deleted groups and streams leave
"""

from ingle.services.logs.api import Logs

__all__ = ["Logs"]
