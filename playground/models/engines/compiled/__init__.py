"""The steps of the core's decoder that are compiled: the same numbers, sooner.

Products of integers are the same to the bit; sums of floats run in another order, which is the
same alone and in company. Nothing here is needed: without Numba, and until the first compilation
is done, NumPy and PyTorch do the same work.
`kernels` holds what is called. `kept` has a child compile it and imports it, nobody else does;
`ready` says when it can be used.
"""
