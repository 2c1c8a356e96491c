"""The Python runtime: AWS's `awslambdaric` over Ingle's channel; staged as `/var/runtime/ingle_runtime`.

Standard library and `awslambdaric` only, CPython 3.8 and later. Entry: `program.py`.
"""
