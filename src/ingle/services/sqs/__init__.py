"""SQS: standard and FIFO queues, durable before the answer, over `ingle.store`'s repositories.

`Sqs(database, clock)` is the service. A file for each idea:

api                 requests to operations and back, both protocols
queueoperations     queues: create, list, attributes, tags, permissions
sending, receiving, receipts, moving    messages
waiting             long polling
attributes, redrive, policy, messageattributes, batches    the rules
finding, handles    which queue, which message
digests             MD5s
sweeping            retention, and what purged and deleted queues leave
"""

from ingle.services.sqs.api import Sqs

__all__ = ["Sqs"]
