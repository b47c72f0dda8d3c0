"""The contents and problems of data sets and models."""
