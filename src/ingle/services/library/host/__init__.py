"""The program that runs in the library's process: the only code that imports moto.

__main__     its life, in call order
server       HTTP over the Unix socket
dispatch     one request at a time, from whom and for what the node says
snapshot     all of moto's state in one file
picklable    what of that state needs help to be written
keeper       when the state is saved
functions    moto's Lambda is Ingle's
queues       moto's SQS is Ingle's
ingle        calls to Ingle's own endpoint
"""
