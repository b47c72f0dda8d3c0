"""What is in a data set or a model, and what is wrong with it."""
