"""What all kernels build on: vectors, numbers, threads, update rules."""
