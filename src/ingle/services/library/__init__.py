"""The long tail of AWS's services, embedded by library: moto, in a process of its own.

`Library(settings)` is the service; it answers for every name that no other room of `services` has. The
process starts with the first call, keeps its state in one snapshot, and comes back when it dies.
docs/decisions/0012-the-embedded-library.md says why it is apart, and what a crash can lose.

library      requests in, answers out: what is let through and what is not
child        the process: started, watched, started again, ended
exchange     one HTTP exchange with it, bodies streamed both ways
refusals     errors of our own, in the form that the asking client reads
remote       a user's own endpoint in the place of a service
objects      objects of S3, for rooms that need their content
roles        roles of IAM, for who needs to know whether Lambda may assume them
host/        the program that runs in the process; the only code that imports moto
"""

from ingle.services.library.child import ChildSettings
from ingle.services.library.library import Library
from ingle.services.library.objects import ObjectError, Objects, ObjectTooLarge
from ingle.services.library.remote import Credentials, Remote
from ingle.services.library.roles import Roles

__all__ = [
    "ChildSettings",
    "Credentials",
    "Library",
    "ObjectError",
    "ObjectTooLarge",
    "Objects",
    "Remote",
    "Roles",
]
