"""The basis of all kernels: vectors, integers, threads, update rules."""
