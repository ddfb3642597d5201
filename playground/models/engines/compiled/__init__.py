"""The steps of the core's decoder that are compiled: the same numbers, bit for bit, sooner.

Nothing here is needed: without Numba, on a processor that cannot sum bytes exactly, and until the
first compilation is done, NumPy and PyTorch do the same work. `kernels` holds what is compiled and
is imported by nobody but `ready`, which says when it can be used.
"""
